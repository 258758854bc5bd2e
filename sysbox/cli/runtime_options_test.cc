#include "sysbox/cli/runtime_options.h"

#include <string>
#include <vector>

#include "catch2/catch.hpp"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::cli {
namespace {

absl::StatusOr<RuntimeOptions> Parse(const std::vector<std::string>& words) {
  ParsedArguments parsed =
      VALUE_OF(ParseArguments(RuntimeGlobalFlags(), Order::kFlagsFirst, words));
  return RuntimeOptionsOf(parsed.flags);
}

TEST_CASE("global flags settle the options") {
  RuntimeOptions options = VALUE_OF(
      Parse({"--root", "/r", "--no-sysbox-mgr", "--no-sysbox-fs",
             "--no-kernel-check", "--manager-socket=/s", "--data-root=/d"}));
  CHECK(options.root == "/r");
  CHECK(options.no_manager);
  CHECK(options.skip_kernel_check);
  CHECK(options.manager_socket == "/s");
  CHECK(options.data_root == "/d");
  CHECK_FALSE(options.systemd_cgroup);
}

TEST_CASE("the cgroup driver is chosen in runc's way or in crun's") {
  CHECK(VALUE_OF(Parse({"--systemd-cgroup"})).systemd_cgroup);
  CHECK(VALUE_OF(Parse({"--cgroup-manager", "systemd"})).systemd_cgroup);
  CHECK_FALSE(VALUE_OF(Parse({"--cgroup-manager=cgroupfs"})).systemd_cgroup);
  CHECK(Parse({"--cgroup-manager=disabled"}).status().message() ==
        "--cgroup-manager: unknown value \"disabled\"");
}

TEST_CASE("runc's further global flags are taken") {
  CHECK_OK(Parse({"--criu", "/usr/sbin/criu", "--rootless", "auto", "--debug",
                  "--log", "/dev/null", "--log-format", "json"}));
}

TEST_CASE("a number of descriptors to preserve has limits") {
  CHECK(VALUE_OF(PreserveFdsOf(0, 0)) == 0);
  CHECK_FALSE(PreserveFdsOf(-1, 0).ok());
  CHECK_FALSE(PreserveFdsOf(100'000, 0).ok());
}

TEST_CASE("a descriptor to preserve must be open, and not one of ours") {
  const Fd null = VALUE_OF(OpenAt(FdRef::Cwd(), "/dev/null", {}));
  const int before = 500;  // far from what is open
  const int number = 3 + before;
  REQUIRE_OK(DuplicateOnto(null, number));
  const Fd passed(number);
  CHECK(VALUE_OF(PreserveFdsOf(1, before)) == 1);
  CHECK(PreserveFdsOf(2, before).status().message() ==
        "--preserve-fds: 2: descriptor 504 is not open");
  REQUIRE_OK(SetCloseOnExec(passed, true));
  CHECK_FALSE(PreserveFdsOf(1, before).ok());
}

}  // namespace
}  // namespace sysbox::cli
