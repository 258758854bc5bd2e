#include "sysbox/fuse/open_files.h"

#include <string>

#include "catch2/catch.hpp"

namespace sysbox::fuse {
namespace {

OpenFiles::Content Text(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

TEST_CASE("handles do not repeat") {
  OpenFiles files(1000);
  CHECK(files.NewHandle() == 1000);
  CHECK(files.NewHandle() == 1001);
}

TEST_CASE("content is kept until it is delivered or forgotten") {
  OpenFiles files(1);
  CHECK(files.Find(1, 4) == nullptr);
  files.Keep(1, Text("abcdefgh"), 4);
  REQUIRE(files.Find(1, 4) != nullptr);
  CHECK(*files.Find(1, 4) == "abcdefgh");
  CHECK(files.Find(2, 4) == nullptr);
  files.Forget(1);
  CHECK(files.Find(1, 4) == nullptr);
  CHECK(files.bytes() == 0);
}

TEST_CASE("of what was delivered whole only the end is known") {
  OpenFiles files(1);
  files.Keep(1, Text("abcdefgh"), 4096);
  CHECK(files.bytes() < 200);
  REQUIRE(files.Find(1, 8) != nullptr);
  CHECK(files.Find(1, 8)->empty());
  CHECK(files.Find(1, 7) == nullptr);
}

TEST_CASE("no number of readers makes it hold more than a bound") {
  OpenFiles files(1);
  const OpenFiles::Content large = Text(std::string(1 << 20, 'x'));
  for (uint64_t handle = 1; handle <= 1000; ++handle) {
    files.Keep(handle, large, 4096);
  }
  CHECK(files.bytes() <= 8 << 20);
  CHECK(files.Find(1, 4096) != nullptr);
  CHECK(files.Find(1000, 4096) == nullptr);
  for (uint64_t handle = 1; handle <= 1000; ++handle) files.Forget(handle);
  CHECK(files.bytes() == 0);
}

}  // namespace
}  // namespace sysbox::fuse
