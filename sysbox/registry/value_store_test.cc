#include "sysbox/registry/value_store.h"

#include <cerrno>
#include <string>
#include <thread>
#include <vector>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::registry {
namespace {

using testing::TempDir;

TEST_CASE("what was set is there, also for a successor") {
  TempDir dir;
  const std::string odd("line\n\ttab \\ \xff\0end", 17);
  auto store = VALUE_OF(ValueStore::Open(dir / "values"));
  CHECK_FALSE(store->Get("/a").has_value());
  CHECK_FALSE(Exists(dir / "values"));
  REQUIRE_OK(store->Set("/a", "1"));
  REQUIRE_OK(store->Set("/b c\t", odd));
  REQUIRE_OK(store->Set("/a", "2"));
  store = VALUE_OF(ValueStore::Open(dir / "values"));
  CHECK(store->Get("/a") == "2");
  CHECK(store->Get("/b c\t") == odd);
  CHECK(store->All().size() == 2);
  REQUIRE_OK(store->RemoveFile());
  REQUIRE_OK(store->RemoveFile());
  CHECK_OK(store->Set("/a", "late"));  // the name may be another's by now
  CHECK_FALSE(Exists(dir / "values"));
}

TEST_CASE("a value that cannot be kept is not there") {
  TempDir dir;
  auto store = VALUE_OF(ValueStore::Open(dir / "missing/values"));
  CHECK(ErrnoOf(store->Set("/a", "1")) == ENOENT);
  CHECK_FALSE(store->Get("/a").has_value());
}

TEST_CASE("a container cannot fill the disk") {
  TempDir dir;
  ValueStore::Values full;
  for (size_t i = 0; i < kMaxValues; ++i) full[std::to_string(i)] = "";
  REQUIRE_OK(ReplaceFile(dir / "values", FormatValues(full), 0600));
  auto store = VALUE_OF(ValueStore::Open(dir / "values"));
  CHECK(ErrnoOf(store->Set("new", "")) == ENOSPC);
  CHECK_OK(store->Set("7", "x"));
  CHECK(ErrnoOf(store->Set("7", std::string(kMaxValueSize + 1, 'x'))) ==
        ENOSPC);
}

TEST_CASE("writers at the same time lose nothing") {
  TempDir dir;
  auto store = VALUE_OF(ValueStore::Open(dir / "values"));
  std::vector<std::thread> writers;
  for (int i = 0; i < 4; ++i) {
    writers.emplace_back([&store, i] {
      for (int n = 0; n < 50; ++n) {
        (void)store->Set(std::to_string(i), std::to_string(n));
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  const auto copy = VALUE_OF(ValueStore::Open(dir / "values"));
  for (int i = 0; i < 4; ++i) CHECK(copy->Get(std::to_string(i)) == "49");
}

TEST_CASE("a damaged file is an error that names the line") {
  CHECK_FALSE(ParseValues("no tab\n").ok());
  CHECK_FALSE(ParseValues("a\t\\q\n").ok());
  CHECK(VALUE_OF(ParseValues("")).empty());
}

}  // namespace
}  // namespace sysbox::registry
