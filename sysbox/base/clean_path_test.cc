#include "sysbox/base/clean_path.h"

#include "catch2/catch.hpp"

namespace sysbox {
namespace {

TEST_CASE("paths are cleaned as text, and stay below the root") {
  CHECK(CleanPath("/a//b/./c/") == "/a/b/c");
  CHECK(CleanPath("/a/b/../c") == "/a/c");
  CHECK(CleanPath("a/../../b") == "/b");
  CHECK(CleanPath("/a/..") == "/");
  CHECK(CleanPath("/..") == "/");
  CHECK(CleanPath("/...") == "/...");
  CHECK(CleanPath("//") == "/");
  CHECK(CleanPath("") == "/");
}

}  // namespace
}  // namespace sysbox
