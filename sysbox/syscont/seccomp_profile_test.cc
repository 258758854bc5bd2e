#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catch2/catch.hpp"
#include "fmt/format.h"
#include "sysbox/syscont/convert.h"

namespace sysbox::syscont {
namespace {

using Strings = std::vector<std::string>;

oci::SyscallRule Rule(Strings names, const char* action,
                      std::vector<oci::SyscallArg> args = {}) {
  oci::SyscallRule rule;
  rule.names = std::move(names);
  rule.action = action;
  rule.args = std::move(args);
  return rule;
}

oci::Seccomp ConvertProfile(oci::Seccomp profile, const Inputs& inputs = {}) {
  oci::Spec spec;
  spec.process.emplace();
  spec.root.emplace();
  spec.linux.emplace();
  for (const char* type : {"mount", "network", "uts", "pid", "ipc"}) {
    spec.linux->namespaces.push_back({.type = type, .path = ""});
  }
  spec.linux->seccomp = std::move(profile);
  auto converted = ConvertSpec(std::move(spec), inputs);
  INFO(converted.status().ToString());
  REQUIRE(converted.ok());
  return *converted->linux->seccomp;
}

std::string RulesOf(const oci::Seccomp& profile, std::string_view name) {
  std::string text;
  for (const oci::SyscallRule& rule : profile.syscalls) {
    for (const std::string& candidate : rule.names) {
      if (candidate != name) continue;
      text += fmt::format("{}{};", rule.action.substr(9),
                          rule.args.empty() ? "" : "?");
    }
  }
  return text;
}

// The shape of Docker's default profile.
oci::Seccomp AllowList() {
  const oci::SyscallArg arg = {
      .index = 0, .value = 0, .value_two = 0, .op = "SCMP_CMP_EQ"};
  oci::Seccomp profile;
  profile.default_action = "SCMP_ACT_ERRNO";
  profile.syscalls = {
      Rule({"read", "openat2"}, "SCMP_ACT_ALLOW"),
      Rule({"personality"}, "SCMP_ACT_ALLOW", {arg}),
      Rule({"socket"}, "SCMP_ACT_ALLOW", {arg}),
      Rule({"clone"}, "SCMP_ACT_ALLOW", {arg}),
      Rule({"clone3"}, "SCMP_ACT_ERRNO"),
  };
  profile.syscalls.back().errno_ret = 38;
  return profile;
}

TEST_CASE("an allow-list also allows what a whole system does") {
  const oci::Seccomp profile = ConvertProfile(AllowList());
  for (const char* name :
       {"mount", "umount2", "fsopen", "move_mount", "mount_setattr", "unshare",
        "setns", "pivot_root", "keyctl", "sethostname", "clone", "clone3",
        "openat2", "read"}) {
    INFO(name);
    CHECK(RulesOf(profile, name) == "ALLOW;");
  }
  for (const char* name : {"bpf", "init_module", "perf_event_open", "iopl",
                           "clock_settime", "syslog", "userfaultfd"}) {
    INFO(name);
    CHECK(RulesOf(profile, name).empty());
  }
}

TEST_CASE("argument rules that guard something else stay") {
  const oci::Seccomp profile = ConvertProfile(AllowList());
  CHECK(RulesOf(profile, "personality") == "ALLOW?;");
  CHECK(RulesOf(profile, "socket") == "ALLOW?;");
}

TEST_CASE("what an allow-list denies in so many words stays denied") {
  oci::Seccomp profile = AllowList();
  profile.syscalls.push_back(Rule({"mount", "ptrace"}, "SCMP_ACT_KILL"));
  profile.syscalls.push_back(Rule({"setns"}, "SCMP_ACT_NOTIFY"));
  profile = ConvertProfile(std::move(profile));
  CHECK(RulesOf(profile, "mount") == "KILL;");
  CHECK(RulesOf(profile, "ptrace") == "KILL;");
  CHECK(RulesOf(profile, "setns") == "NOTIFY;");
  CHECK(RulesOf(profile, "umount2") == "ALLOW;");
}

TEST_CASE("a deny-list is kept whole") {
  oci::Seccomp profile;
  profile.default_action = "SCMP_ACT_ALLOW";
  profile.syscalls = {Rule({"mount", "bpf"}, "SCMP_ACT_ERRNO")};
  profile = ConvertProfile(std::move(profile));
  REQUIRE(profile.syscalls.size() == 1);
  CHECK(RulesOf(profile, "mount") == "ERRNO;");
  CHECK(RulesOf(profile, "bpf") == "ERRNO;");
}

TEST_CASE("widening a profile twice changes nothing more") {
  const oci::Seccomp once = ConvertProfile(AllowList());
  CHECK(ConvertProfile(once).syscalls.size() == once.syscalls.size());
}

TEST_CASE("calls that are answered without the kernel are allowed, too") {
  oci::Seccomp profile;
  profile.default_action = "SCMP_ACT_ERRNO";
  profile.syscalls = {Rule({"init_module"}, "SCMP_ACT_ERRNO")};
  Inputs inputs;
  inputs.answered_syscalls = {"syslog", "init_module"};
  const oci::Seccomp converted = ConvertProfile(profile, inputs);
  CHECK(RulesOf(converted, "syslog") == "ALLOW;");
  CHECK(RulesOf(converted, "init_module") == "ERRNO;");  // in so many words
}

}  // namespace
}  // namespace sysbox::syscont
