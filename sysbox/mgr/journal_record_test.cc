#include "sysbox/mgr/journal_record.h"

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::mgr {
namespace {

Record Example() {
  Record record;
  record.kind = RecordKind::kRegister;
  record.id = "web";
  record.bundle = "/b";
  record.source = IdSource::kRequested;
  record.uids = "0 1 2";
  record.gids = "0 3 4";
  record.pid = 7;
  record.start = 18446744073709551615u;
  return record;
}

TEST_CASE("a record is a line of checksum and JSON") {
  CHECK(EncodeRecord(Example()) ==
        "e38a0ecb "
        R"({"kind":"register","id":"web","bundle":"/b","source":"requested",)"
        R"("uids":"0 1 2","gids":"0 3 4","pid":7,"start":18446744073709551615})"
        "\n");
}

TEST_CASE("a record survives its line") {
  std::string line = EncodeRecord(Example());
  line.pop_back();
  const Record copy = VALUE_OF(DecodeRecord(line));
  CHECK(EncodeRecord(copy) == line + "\n");
}

TEST_CASE("any changed, lost or added byte is noticed") {
  std::string line = EncodeRecord(Example());
  line.pop_back();
  for (size_t i = 0; i < line.size(); ++i) {
    std::string flipped = line;
    flipped[i] = static_cast<char>(flipped[i] ^ 0x04);
    CHECK(absl::IsDataLoss(DecodeRecord(flipped).status()));
    CHECK(absl::IsDataLoss(DecodeRecord(line.substr(0, i)).status()));
  }
  CHECK(absl::IsDataLoss(DecodeRecord(line + " ").status()));
}

}  // namespace
}  // namespace sysbox::mgr
