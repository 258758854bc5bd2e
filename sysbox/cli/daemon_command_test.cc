#include "sysbox/cli/daemon_command.h"

#include <string>
#include <vector>

#include "catch2/catch.hpp"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::cli {
namespace {

absl::StatusOr<mgr::DaemonOptions> Parse(
    const std::vector<std::string>& words) {
  ParsedArguments parsed =
      VALUE_OF(ParseArguments(ManagerFlags(), Order::kMixed, words));
  return DaemonOptionsOf(parsed.flags);
}

TEST_CASE("without flags the daemon has the documented defaults") {
  mgr::DaemonOptions options = VALUE_OF(Parse({}));
  CHECK(options.run_dir == "/run/sysbox");
  CHECK(options.registration.data_root == "/var/lib/sysbox");
  CHECK(options.registration.id_mode == mgr::IdMode::kExclusive);
  CHECK(options.registration.policy.syscont_mode);
  CHECK_FALSE(options.registration.policy.honor_caps);
  CHECK(options.registration.policy.kernel_files);
  CHECK(options.registration.shared_data_root == mgr::SharedDataRoot::kError);
  CHECK(options.alias_dns);
  CHECK_FALSE(options.registration.policy.allow_trusted_xattr);
}

TEST_CASE("flags set the daemon's options") {
  mgr::DaemonOptions options = VALUE_OF(Parse(
      {"--data-root", "/d", "--run-dir=/r", "--id-mode", "shared",
       "--honor-caps", "--syscont-mode=false", "--relaxed-read-only",
       "--fsuid-map-fail-on-error", "--ignore-sysfs-chown",
       "--allow-trusted-xattr", "--shared-data-root=warn",
       "--kernel-files=false", "--alias-dns=false",
       "--allow-immutable-remounts", "--allow-immutable-unmounts=false"}));
  CHECK(options.registration.shared_data_root == mgr::SharedDataRoot::kWarn);
  CHECK_FALSE(options.registration.policy.kernel_files);
  CHECK_FALSE(options.alias_dns);
  CHECK(options.run_dir == "/r");
  CHECK(options.registration.data_root == "/d");
  CHECK(options.registration.id_mode == mgr::IdMode::kShared);
  const api::Policy& policy = options.registration.policy;
  CHECK_FALSE(policy.syscont_mode);
  CHECK(policy.honor_caps);
  CHECK(policy.relaxed_read_only);
  CHECK(policy.fsuid_map_fail_on_error);
  CHECK(policy.ignore_sysfs_chown);
  CHECK(policy.allow_trusted_xattr);
  CHECK(policy.allow_immutable_remounts);
  CHECK_FALSE(policy.allow_immutable_unmounts);
}

TEST_CASE("what sysbox-mgr took is taken") {
  CHECK_OK(Parse({"--disable-shiftfs", "--disable-shiftfs-on-fuse",
                  "--disable-shiftfs-precheck", "--disable-idmapped-mount",
                  "--disable-ovfs-on-idmapped-mount",
                  "--disable-rootfs-cloning", "--disable-inner-image-preload",
                  "-l", "/dev/null", "--log-level", "debug"}));
}

TEST_CASE("an unknown mode is refused") {
  CHECK(Parse({"--shared-data-root", "never"}).status().message() ==
        "--shared-data-root: unknown value \"never\"");
  CHECK(Parse({"--id-mode", "both"}).status().message() ==
        "--id-mode: unknown value \"both\"");
}

}  // namespace
}  // namespace sysbox::cli
