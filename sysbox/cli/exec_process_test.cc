#include "sysbox/cli/exec_process.h"

#include <string>
#include <vector>

#include "catch2/catch.hpp"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::cli {
namespace {

using Words = std::vector<std::string>;

constexpr FlagSpec kFlags[] = {
    kExecCwd,
    kExecEnv,
    kExecTty,
    kExecUser,
    kExecAdditionalGids,
    kExecApparmor,
    kExecNoNewPrivs,
    kExecCap,
    kExecProcessLabel,
};

oci::Process Base() {
  oci::Process process;
  process.args = {"/sbin/init"};
  process.env = {"PATH=/bin", "A=1"};
  process.cwd = "/srv";
  process.terminal = true;
  process.user.uid = 7;
  process.user.gid = 8;
  process.no_new_privileges = true;
  process.capabilities.emplace().bounding = {"CAP_CHOWN"};
  return process;
}

absl::StatusOr<oci::Process> Exec(const Words& flags, const Words& args) {
  ParsedArguments parsed =
      VALUE_OF(ParseArguments(kFlags, Order::kMixed, flags));
  return ExecProcess(Base(), parsed.flags, args);
}

std::string ErrorOf(const Words& flags) {
  return std::string(Exec(flags, {"ls"}).status().message());
}

TEST_CASE(
    "exec takes the container's process, with other arguments and no "
    "terminal") {
  oci::Process process = VALUE_OF(Exec({}, {"ls", "-l"}));
  CHECK(process.args == Words{"ls", "-l"});
  CHECK_FALSE(process.terminal);
  CHECK(process.env == Words{"PATH=/bin", "A=1"});
  CHECK(process.cwd == "/srv");
  CHECK(process.user.uid == 7);
  CHECK(process.user.gid == 8);
  CHECK(process.no_new_privileges);
}

TEST_CASE("flags change the process") {
  oci::Process process =
      VALUE_OF(Exec({"-t", "--cwd", "/tmp", "-e", "A=2", "-e", "B=3", "-u",
                     "5:6", "-g", "9", "--apparmor", "p", "--process-label",
                     "l", "--no-new-privs=false", "--cap", "net_admin"},
                    {"ls"}));
  CHECK(process.terminal);
  CHECK(process.cwd == "/tmp");
  CHECK(process.env == Words{"PATH=/bin", "A=1", "A=2", "B=3"});
  CHECK(process.user.uid == 5);
  CHECK(process.user.gid == 6);
  CHECK(process.user.additional_gids == std::vector<uint32_t>{9});
  CHECK(process.apparmor_profile == "p");
  CHECK(process.selinux_label == "l");
  CHECK_FALSE(process.no_new_privileges);
}

TEST_CASE(
    "an added capability is in every set but the inheritable and ambient "
    "ones") {
  oci::Process process = VALUE_OF(Exec({"-c", "CAP_NET_ADMIN"}, {"ls"}));
  const oci::Capabilities& sets = *process.capabilities;
  CHECK(sets.bounding == Words{"CAP_CHOWN", "CAP_NET_ADMIN"});
  CHECK(sets.effective == Words{"CAP_NET_ADMIN"});
  CHECK(sets.permitted == Words{"CAP_NET_ADMIN"});
  CHECK(sets.inheritable.empty());
  CHECK(sets.ambient.empty());
}

TEST_CASE("capabilities that nobody knows are dropped, as runc does") {
  oci::Process process =
      VALUE_OF(Exec({"-c", "CAP_FROB", "-c", "CAP_KILL"}, {"ls"}));
  CHECK(process.capabilities->bounding == Words{"CAP_CHOWN", "CAP_KILL"});
  CHECK(process.capabilities->effective == Words{"CAP_KILL"});
}

TEST_CASE("a user without a group keeps the container's group") {
  oci::Process process = VALUE_OF(Exec({"--user", "5"}, {"ls"}));
  CHECK(process.user.uid == 5);
  CHECK(process.user.gid == 8);
}

TEST_CASE("bad ids and no program are refused") {
  CHECK(ErrorOf({"-u", "root"}) == "--user: \"root\" is not an id");
  CHECK(ErrorOf({"-u", "5:"}) == "--user: \"\" is not an id");
  CHECK(ErrorOf({"-u", "4294967295"}) == "--user: \"4294967295\" is not an id");
  CHECK(ErrorOf({"-g", "-1"}) == "--additional-gids: \"-1\" is not an id");
  CHECK(Exec({}, {}).status().message() == "process args cannot be empty");
}

}  // namespace
}  // namespace sysbox::cli
