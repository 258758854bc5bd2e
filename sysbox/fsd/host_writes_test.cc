#include "sysbox/fsd/host_writes.h"

#include <cerrno>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::fsd {
namespace {

constexpr char kMax[] = "/file-max";
constexpr char kOther[] = "/nr_open";

TEST_CASE("the host's value is raised, never lowered, and no other one") {
  testing::TempDir root;
  const auto put = [&](const char* path, std::string_view text) {
    REQUIRE_OK(ReplaceVolatileFile(root.path() + path, text, 0644));
  };
  const auto text = [&](const char* path) {
    return VALUE_OF(ReadFile(root.path() + path));
  };
  put(kMax, "100\n");
  put(kOther, "100\n");
  AllowedHostWrites writes({kMax}, root.path());
  CHECK(writes.Allows(kMax));
  CHECK_FALSE(writes.Allows(kOther));

  REQUIRE_OK(writes.Raise(kMax, 90));
  CHECK(text(kMax) == "100\n");
  REQUIRE_OK(writes.Raise(kMax, 300));
  CHECK(text(kMax) == "300\n");
  // As if another container had been overtaken.
  put(kMax, "100\n");
  REQUIRE_OK(writes.Raise(kMax, 200));
  CHECK(text(kMax) == "300\n");

  CHECK(ErrnoOf(writes.Raise(kOther, 300)) == EPERM);
  CHECK(ErrnoOf(writes.Set(kOther, "300")) == EPERM);
  CHECK(text(kOther) == "100\n");
}

TEST_CASE("a word is set as it is") {
  testing::TempDir root;
  REQUIRE_OK(ReplaceVolatileFile(root.path() + kMax, "q\n", 0644));
  AllowedHostWrites writes({kMax}, root.path());
  REQUIRE_OK(writes.Raise(kMax, 3));
  CHECK(VALUE_OF(ReadFile(root.path() + kMax)) == "q\n");
  REQUIRE_OK(writes.Set(kMax, "fq"));
  CHECK(VALUE_OF(ReadFile(root.path() + kMax)) == "fq\n");
}

}  // namespace
}  // namespace sysbox::fsd
