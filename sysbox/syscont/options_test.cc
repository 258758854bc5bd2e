#include "sysbox/syscont/options.h"

#include <string>
#include <vector>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"

namespace sysbox::syscont {
namespace {

using Strings = std::vector<std::string>;

absl::StatusOr<Options> Parse(Strings env, const Options& defaults = {}) {
  oci::Process process;
  process.env = std::move(env);
  return ParseOptions(process, defaults);
}

std::string ParseError(Strings env) {
  return std::string(MessageOf(Parse(std::move(env)).status()));
}

TEST_CASE("an environment without our variables keeps the defaults") {
  Options defaults;
  defaults.honor_caps = true;
  const auto options = Parse({"PATH=/bin", "SYSBOXY=1", "EMPTY"}, defaults);
  REQUIRE(options.ok());
  CHECK(options->honor_caps);
  CHECK(options->syscont_mode);
}

TEST_CASE("every variable sets its option") {
  const auto options = Parse({
      "SYSBOX_HONOR_CAPS=TRUE",
      "SYSBOX_SYSCONT_MODE=FALSE",
      "SYSBOX_IGNORE_SYSFS_CHOWN=TRUE",
      "SYSBOX_ALLOW_TRUSTED_XATTR=TRUE",
      "SYSBOX_SKIP_UID_SHIFT=/a,/b/c",
      "SYSBOX_KERNEL_FILES=FALSE",
      "SYSBOX_IDS=165536",
  });
  REQUIRE(options.ok());
  CHECK(options->honor_caps);
  CHECK_FALSE(options->syscont_mode);
  CHECK(options->ignore_sysfs_chown);
  CHECK(options->allow_trusted_xattr);
  CHECK(options->skip_uid_shift == std::set<std::string>{"/a", "/b/c"});
  CHECK_FALSE(options->kernel_files);
  CHECK(options->id_count == 165536);
}

TEST_CASE("a variable overrides an administrator's default") {
  Options defaults;
  defaults.honor_caps = true;
  const auto options = Parse({"SYSBOX_HONOR_CAPS=FALSE"}, defaults);
  REQUIRE(options.ok());
  CHECK_FALSE(options->honor_caps);
}

TEST_CASE("unknown and malformed variables are refused by name") {
  CHECK(
      ParseError({"SYSBOX_NOPE=1"}) ==
      "environment variable SYSBOX_NOPE: not one of those with the SYSBOX_ "
      "prefix (SYSBOX_ALLOW_TRUSTED_XATTR, SYSBOX_HONOR_CAPS, SYSBOX_IDS, "
      "SYSBOX_IGNORE_SYSFS_CHOWN, SYSBOX_KERNEL_FILES, SYSBOX_SKIP_UID_SHIFT, "
      "SYSBOX_SYSCONT_MODE)");
  for (const char* value : {"65535", "-1", "1e6", "65536k", "4294967296"}) {
    CHECK(ParseError({std::string("SYSBOX_IDS=") + value}) ==
          std::string("environment variable SYSBOX_IDS: \"") + value +
              "\" is no number from 65536 to 2147483648");
  }
  CHECK(ParseError({"SYSBOX_HONOR_CAPS=true"}) ==
        "environment variable SYSBOX_HONOR_CAPS: \"true\" is neither TRUE nor "
        "FALSE");
  CHECK(ParseError({"SYSBOX_HONOR_CAPS="}) ==
        "environment variable SYSBOX_HONOR_CAPS: has no value");
  CHECK(ParseError({"SYSBOX_HONOR_CAPS"}) ==
        "environment variable SYSBOX_HONOR_CAPS: has no value");
  CHECK(ParseError({"SYSBOX_HONOR_CAPS=TRUE=FALSE"}) ==
        "environment variable SYSBOX_HONOR_CAPS: \"TRUE=FALSE\" is neither "
        "TRUE nor FALSE");
  CHECK(ParseError({"SYSBOX_SKIP_UID_SHIFT=/a=b"}) ==
        "environment variable SYSBOX_SKIP_UID_SHIFT: \"/a=b\" has a second =");
  CHECK_FALSE(Parse({"SYSBOX_SKIP_UID_SHIFT=relative"}).ok());
  CHECK_FALSE(Parse({"SYSBOX_SKIP_UID_SHIFT=/a, /b"}).ok());
  CHECK_FALSE(Parse({"SYSBOX_SKIP_UID_SHIFT=/a,"}).ok());
  CHECK_FALSE(Parse({"SYSBOX_"}).ok());
}

TEST_CASE("an exec obeys SYSBOX_HONOR_CAPS and loses the others") {
  oci::Process process;
  process.env = {"A=b", "SYSBOX_HONOR_CAPS=TRUE", "SYSBOX_SYSCONT_MODE=FALSE",
                 "SYSBOX_SKIP_UID_SHIFT=/a"};
  const auto options = TakeExecOptions(process, Options());
  REQUIRE(options.ok());
  CHECK(options->honor_caps);
  CHECK(options->syscont_mode);
  CHECK(options->skip_uid_shift.empty());
  CHECK(process.env == Strings{"A=b", "SYSBOX_HONOR_CAPS=TRUE"});
}

TEST_CASE("an exec refuses unknown variables too") {
  oci::Process process;
  process.env = {"SYSBOX_NOPE=1"};
  CHECK_FALSE(TakeExecOptions(process, Options()).ok());
}

}  // namespace
}  // namespace sysbox::syscont
