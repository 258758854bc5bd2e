// Any journal, line by line, with and without a right checksum, applied to a
// ledger: never crashes, and what the ledger says of itself can be replayed.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "sysbox/mgr/journal_record.h"
#include "sysbox/mgr/ledger.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sysbox::mgr;  // NOLINT: a test's entry point
  namespace json = sysbox::json;
  constexpr sysbox::SubidRanges kPool = {{1000, 16 * 65536},
                                         {2000, 16 * 65536}};
  std::string_view text(reinterpret_cast<const char*>(data), size);
  Ledger ledger(kPool);
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    (void)DecodeRecord(line);
    // A checksum is not guessed by chance: without one, too.
    auto record = json::Parse<Record>(line);
    if (record.ok()) (void)ledger.Apply(*record);
  }
  Ledger copy(kPool);
  for (const Record& record : ledger.ToRecords()) {
    if (!copy.Apply(record).ok()) abort();
  }
  const uint32_t free_units = ledger.holdings().pool().free_units();
  if (copy.holdings().pool().free_units() != free_units) abort();
  return 0;
}
