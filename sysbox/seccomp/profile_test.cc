#include "sysbox/seccomp/profile.h"

#include <linux/audit.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/seccomp/bpf_simulator.h"

namespace sysbox::seccomp {
namespace {

constexpr uint32_t kDenied = SECCOMP_RET_ERRNO | EPERM;

oci::SyscallRule Rule(std::vector<std::string> names, std::string action,
                      std::vector<oci::SyscallArg> args = {}) {
  oci::SyscallRule rule;
  rule.names = std::move(names);
  rule.action = std::move(action);
  rule.args = std::move(args);
  return rule;
}

oci::Seccomp AllowList(std::vector<oci::SyscallRule> rules) {
  oci::Seccomp profile;
  profile.default_action = "SCMP_ACT_ERRNO";
  profile.syscalls = std::move(rules);
  return profile;
}

std::vector<uint64_t> Compile(const oci::Seccomp& profile,
                              absl::Span<const Override> overrides = {}) {
  const auto program = CompileProfile(profile, "linux.seccomp", overrides);
  INFO(program.status().ToString());
  REQUIRE(program.ok());
  REQUIRE(WhyInvalid(program->instructions) == "");
  return program->instructions;
}

std::string ErrorOf(const oci::Seccomp& profile,
                    absl::Span<const Override> overrides = {}) {
  const auto program = CompileProfile(profile, "linux.seccomp", overrides);
  return std::string(MessageOf(program.status()));
}

uint32_t Verdict(const std::vector<uint64_t>& program, uint32_t nr,
                 uint64_t arg0 = 0, uint32_t arch = AUDIT_ARCH_X86_64) {
  seccomp_data data = {};
  data.nr = static_cast<int>(nr);
  data.arch = arch;
  data.args[0] = arg0;
  return Simulate(program, data);
}

TEST_CASE("a program tests architecture, then number, then arguments") {
  const oci::Seccomp profile = AllowList(
      {Rule({"read"}, "SCMP_ACT_ALLOW"),
       Rule({"personality"}, "SCMP_ACT_ALLOW",
            {{.index = 0, .value = 8, .value_two = 0, .op = "SCMP_CMP_EQ"}})});
  CHECK(Disassemble(Compile(profile)) ==
        "0: load 4\n"
        "1: A == 0xc000003e ? 2 : 7\n"
        "2: load 0\n"
        "3: A >= 0x40000000 ? 4 : 8\n"
        "4: A >= 0xc0000000 ? 6 : 5\n"
        "5: A >= 0x80000000 ? 17 : 7\n"
        "6: A >= 0xffffffff ? 16 : 7\n"
        "7: return 0x0\n"
        "8: A >= 0x87 ? 10 : 9\n"
        "9: A >= 0x1 ? 16 : 15\n"
        "10: A >= 0x88 ? 17 : 11\n"
        "11: load 20\n"
        "12: A == 0x0 ? 13 : 16\n"
        "13: load 16\n"
        "14: A == 0x8 ? 15 : 16\n"
        "15: return 0x7fff0000\n"
        "16: return 0x50001\n"
        "17: return 0x50026\n");
}

TEST_CASE("an error names its field") {
  const oci::SyscallArg arg = {
      .index = 0, .value = 1, .value_two = 0, .op = "SCMP_CMP_EQ"};
  const auto with = [](auto change) {
    oci::Seccomp profile = AllowList({Rule({"read"}, "SCMP_ACT_ALLOW")});
    change(profile);
    return ErrorOf(profile);
  };
  CHECK(with([](oci::Seccomp& p) { p.default_action = "ALLOW"; }) ==
        "linux.seccomp.defaultAction: unknown value \"ALLOW\"");
  CHECK(with([](oci::Seccomp& p) { p.default_action = "SCMP_ACT_NOTIFY"; }) ==
        "linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be the default");
  CHECK(with([](oci::Seccomp& p) { p.default_errno_ret = 4096; }) ==
        "linux.seccomp.defaultErrnoRet: 4096 is above 4095");
  CHECK(with([](oci::Seccomp& p) { p.architectures = {"SCMP_ARCH_VAX"}; }) ==
        "linux.seccomp.architectures[0]: unknown value \"SCMP_ARCH_VAX\"");
  CHECK(with([](oci::Seccomp& p) {
          p.architectures = {"SCMP_ARCH_X86", "SCMP_ARCH_S390X"};
        }) ==
        "linux.seccomp.architectures[1]: SCMP_ARCH_S390X is big-endian, this "
        "machine is not");
  CHECK(with([](oci::Seccomp& p) { p.flags = {"TSYNC"}; }) ==
        "linux.seccomp.flags[0]: unknown value \"TSYNC\"");
  CHECK(with([](oci::Seccomp& p) { p.syscalls[0].action = "allow"; }) ==
        "linux.seccomp.syscalls[0].action: unknown value \"allow\"");
  CHECK(with([](oci::Seccomp& p) { p.syscalls[0].errno_ret = 1; }) ==
        "linux.seccomp.syscalls[0].errnoRet: SCMP_ACT_ALLOW takes no errno");
  CHECK(with([](oci::Seccomp& p) { p.syscalls[0].names[0] = ""; }) ==
        "linux.seccomp.syscalls[0].names[0]: empty");
  CHECK(with([&](oci::Seccomp& p) {
          p.syscalls[0].args = {arg, arg};
          p.syscalls[0].args[1].op = "==";
        }) == "linux.seccomp.syscalls[0].args[1].op: unknown value \"==\"");
  CHECK(with([&](oci::Seccomp& p) {
          p.syscalls[0].args = {arg};
          p.syscalls[0].args[0].index = 6;
        }) == "linux.seccomp.syscalls[0].args[0].index: 6 is above 5");
  CHECK(with([&](oci::Seccomp& p) {
          p.syscalls[0].args = {arg};
          p.syscalls.push_back(p.syscalls[0]);
          p.syscalls[1].action = "SCMP_ACT_LOG";
        }) ==
        "linux.seccomp.syscalls[1]: read: another rule has the same args and "
        "a different action");
}

TEST_CASE("unknown calls and foreign architectures are skipped") {
  oci::Seccomp profile =
      AllowList({Rule({"no_such_call", "read"}, "SCMP_ACT_ALLOW")});
  profile.architectures = {"SCMP_ARCH_MIPSEL", "SCMP_ARCH_AARCH64"};
  const auto program = Compile(profile);
  CHECK(Verdict(program, 0) == SECCOMP_RET_ALLOW);
  CHECK(Verdict(program, 63, 0, AUDIT_ARCH_AARCH64) == SECCOMP_RET_KILL_THREAD);
}

TEST_CASE("a call newer than all the profile names does not exist") {
  oci::Seccomp profile = AllowList({Rule({"openat2"}, "SCMP_ACT_ALLOW")});
  profile.architectures = {"SCMP_ARCH_X86"};
  CHECK(Verdict(Compile(profile), 436) == kDenied);  // close_range
  CHECK(Verdict(Compile(profile), 438) ==
        (SECCOMP_RET_ERRNO | ENOSYS));  // pidfd_getfd
  CHECK(Verdict(Compile(profile), 438, 0, AUDIT_ARCH_I386) ==
        (SECCOMP_RET_ERRNO | ENOSYS));
  profile.default_action = "SCMP_ACT_KILL_PROCESS";
  CHECK(Verdict(Compile(profile), 438) == (SECCOMP_RET_ERRNO | ENOSYS));
  profile.default_action = "SCMP_ACT_LOG";
  CHECK(Verdict(Compile(profile), 438) == SECCOMP_RET_LOG);
}

TEST_CASE("every action and errno reaches the program") {
  const auto [name, errno_ret, expected] =
      GENERATE(table<std::string, std::optional<uint32_t>, uint32_t>({
          {"SCMP_ACT_KILL", {}, SECCOMP_RET_KILL_THREAD},
          {"SCMP_ACT_KILL_THREAD", {}, SECCOMP_RET_KILL_THREAD},
          {"SCMP_ACT_KILL_PROCESS", {}, SECCOMP_RET_KILL_PROCESS},
          {"SCMP_ACT_TRAP", {}, SECCOMP_RET_TRAP},
          {"SCMP_ACT_ERRNO", {}, SECCOMP_RET_ERRNO | EPERM},
          {"SCMP_ACT_ERRNO", 38, SECCOMP_RET_ERRNO | ENOSYS},
          {"SCMP_ACT_ERRNO", 0, SECCOMP_RET_ERRNO},
          {"SCMP_ACT_TRACE", {}, SECCOMP_RET_TRACE | EPERM},
          {"SCMP_ACT_TRACE", 0xffff, SECCOMP_RET_TRACE | 0xffff},
          {"SCMP_ACT_ALLOW", {}, SECCOMP_RET_ALLOW},
          {"SCMP_ACT_LOG", {}, SECCOMP_RET_LOG},
          {"SCMP_ACT_NOTIFY", {}, SECCOMP_RET_USER_NOTIF},
      }));
  CAPTURE(name);
  oci::Seccomp profile;
  profile.default_action =
      name == "SCMP_ACT_ALLOW" ? "SCMP_ACT_LOG" : "SCMP_ACT_ALLOW";
  profile.listener_path = "/run/agent.sock";
  profile.syscalls = {Rule({"chroot"}, name)};
  profile.syscalls[0].errno_ret = errno_ret;
  CHECK(Verdict(Compile(profile), 161) == expected);
}

TEST_CASE("flags reach the kernel's names") {
  oci::Seccomp profile = AllowList({Rule({"read"}, "SCMP_ACT_ALLOW")});
  profile.flags = {"SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
                   "SECCOMP_FILTER_FLAG_TSYNC",
                   "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"};
  constexpr unsigned int kPlain = SECCOMP_FILTER_FLAG_LOG |
                                  SECCOMP_FILTER_FLAG_SPEC_ALLOW |
                                  SECCOMP_FILTER_FLAG_TSYNC;
  CHECK(CompileProfile(profile, "s")->flags == kPlain);
  const Override trap = {"read", SECCOMP_RET_USER_NOTIF};
  CHECK(CompileProfile(profile, "s", {trap})->flags ==
        (kPlain | SECCOMP_FILTER_FLAG_NEW_LISTENER |
         SECCOMP_FILTER_FLAG_TSYNC_ESRCH |
         SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV));
}

TEST_CASE("a notifying rule needs a listener of its own, and never write") {
  oci::Seccomp profile = AllowList({Rule({"chroot"}, "SCMP_ACT_NOTIFY")});
  CHECK(ErrorOf(profile) ==
        "linux.seccomp.syscalls[0].action: SCMP_ACT_NOTIFY needs "
        "linux.seccomp.listenerPath");
  profile.listener_path = "/run/agent.sock";
  CHECK(CompileProfile(profile, "s")->flags ==
        SECCOMP_FILTER_FLAG_NEW_LISTENER);
  const Override trap = {"mount", SECCOMP_RET_USER_NOTIF};
  CHECK(ErrorOf(profile, {trap}) ==
        "linux.seccomp.syscalls: SCMP_ACT_NOTIFY is taken: this container's "
        "calls are intercepted already");
  profile.syscalls[0].names = {"read", "write"};
  CHECK(ErrorOf(profile) ==
        "linux.seccomp.syscalls[0].names[1]: SCMP_ACT_NOTIFY cannot be used "
        "for write");
}

TEST_CASE("an override traps what is allowed and leaves denied what is not") {
  oci::Seccomp profile = AllowList(
      {Rule({"mount", "statx", "socket"}, "SCMP_ACT_ALLOW"),
       Rule({"ptrace"}, "SCMP_ACT_KILL"),
       Rule({"personality"}, "SCMP_ACT_ALLOW",
            {{.index = 0, .value = 8, .value_two = 0, .op = "SCMP_CMP_EQ"}})});
  profile.architectures = {"SCMP_ARCH_X86", "SCMP_ARCH_X32"};
  std::vector<Override> traps;
  for (const char* name :
       {"mount", "umount2", "ptrace", "personality", "open_tree", "accept"}) {
    traps.push_back({name, SECCOMP_RET_USER_NOTIF});
  }
  const auto program = Compile(profile, traps);
  CHECK(Verdict(program, 165) == SECCOMP_RET_USER_NOTIF);
  CHECK(Verdict(program, 165 | 0x40000000) == SECCOMP_RET_USER_NOTIF);
  CHECK(Verdict(program, 21, 0, AUDIT_ARCH_I386) == SECCOMP_RET_USER_NOTIF);
  CHECK(Verdict(program, 166) == kDenied);  // umount2
  CHECK(Verdict(program, 101) == SECCOMP_RET_KILL_THREAD);
  CHECK(Verdict(program, 135, 8) == SECCOMP_RET_USER_NOTIF);
  CHECK(Verdict(program, 135, 9) == kDenied);
  CHECK(Verdict(program, 428) == (SECCOMP_RET_ERRNO | ENOSYS));  // newer
  CHECK(Verdict(program, 332) == SECCOMP_RET_ALLOW);             // statx
  // socketcall(2): socket is allowed, accept was never.
  CHECK(Verdict(program, 102, 1, AUDIT_ARCH_I386) == SECCOMP_RET_ALLOW);
  CHECK(Verdict(program, 102, 5, AUDIT_ARCH_I386) == kDenied);
}

TEST_CASE("overrides work without a profile, in every ABI") {
  const Override traps[] = {{"mount", SECCOMP_RET_USER_NOTIF},
                            {"accept", SECCOMP_RET_USER_NOTIF}};
  const auto program = Compile(UnconfinedProfile(), traps);
  CHECK(Verdict(program, 165) == SECCOMP_RET_USER_NOTIF);
  CHECK(Verdict(program, 21, 0, AUDIT_ARCH_I386) == SECCOMP_RET_USER_NOTIF);
  CHECK(Verdict(program, 102, 5, AUDIT_ARCH_I386) == SECCOMP_RET_USER_NOTIF);
  CHECK(Verdict(program, 102, 1, AUDIT_ARCH_I386) == SECCOMP_RET_ALLOW);
  CHECK(Verdict(program, 165 | 0x40000000) == SECCOMP_RET_USER_NOTIF);
  CHECK(Verdict(program, 5000) == SECCOMP_RET_ALLOW);
}

TEST_CASE("an override may depend on arguments; several are alternatives") {
  constexpr Condition kDevice[] = {
      {.argument = 1,
       .compare = Compare::kMaskedEq,
       .value = 0020000,
       .mask = 0170000},
      {.argument = 2, .compare = Compare::kNe, .value = 0}};
  constexpr Condition kBlock[] = {{.argument = 1,
                                   .compare = Compare::kMaskedEq,
                                   .value = 0060000,
                                   .mask = 0170000}};
  const Override traps[] = {{"mknod", SECCOMP_RET_USER_NOTIF, kDevice},
                            {"mknod", SECCOMP_RET_USER_NOTIF, kBlock}};
  const auto program = Compile(UnconfinedProfile(), traps);
  const auto verdict = [&](uint64_t mode, uint64_t device, uint32_t arch,
                           int number) {
    seccomp_data data = {};
    data.nr = number;
    data.arch = arch;
    data.args[1] = mode;
    data.args[2] = device;
    return Simulate(program, data);
  };
  for (const auto& [arch, number] :
       {std::pair(AUDIT_ARCH_X86_64, 133), {AUDIT_ARCH_I386, 14}}) {
    CHECK(verdict(0020666, 0x103, arch, number) == SECCOMP_RET_USER_NOTIF);
    CHECK(verdict(0060666, 0, arch, number) == SECCOMP_RET_USER_NOTIF);
    CHECK(verdict(0020666, 0, arch, number) == SECCOMP_RET_ALLOW);
    CHECK(verdict(0010666, 0x103, arch, number) == SECCOMP_RET_ALLOW);
    // The kernel takes 32 bits of both.
    constexpr uint64_t kRest = 0x100000000;
    CHECK(verdict(0020666, kRest, arch, number) == SECCOMP_RET_ALLOW);
    CHECK(verdict(kRest | 0020666, 1, arch, number) == SECCOMP_RET_USER_NOTIF);
  }
}

TEST_CASE("an override of a call nobody knows is an error") {
  const Override trap = {"mnt", SECCOMP_RET_USER_NOTIF};
  CHECK(ErrorOf(UnconfinedProfile(), {trap}) == "override: no call \"mnt\"");
}

TEST_CASE("a program of any length jumps where it should") {
  // Argument tests of every call: far more than a jump's 255 instructions.
  std::vector<oci::SyscallRule> rules;
  uint64_t value = 0;
  for (const char* name :
       {"read", "write", "open", "close", "stat", "fstat", "lstat", "poll",
        "lseek", "mmap", "mprotect", "munmap", "brk", "ioctl", "pread64"}) {
    for (int i = 0; i < 20; ++i) {
      ++value;
      rules.push_back(Rule({name}, "SCMP_ACT_ALLOW",
                           {{.index = 0,
                             .value = value << 32 | 5,
                             .value_two = 0,
                             .op = "SCMP_CMP_EQ"}}));
    }
  }
  const auto program = Compile(AllowList(rules));
  REQUIRE(program.size() > 1000);
  const auto argument = [](uint64_t high) { return high << 32 | 5; };
  CHECK(Verdict(program, 0, argument(1)) == SECCOMP_RET_ALLOW);
  CHECK(Verdict(program, 0, argument(20)) == SECCOMP_RET_ALLOW);
  CHECK(Verdict(program, 0, argument(21)) == kDenied);
  CHECK(Verdict(program, 17, argument(281)) == SECCOMP_RET_ALLOW);
  CHECK(Verdict(program, 17, argument(300)) == SECCOMP_RET_ALLOW);
  CHECK(Verdict(program, 17, argument(280)) == kDenied);
  CHECK(Verdict(program, 0, 5) == kDenied);
}

TEST_CASE("a program the kernel would not take is refused") {
  std::vector<oci::SyscallRule> rules;
  for (uint64_t value = 1; value < 3000; ++value) {
    rules.push_back(Rule({"ioctl"}, "SCMP_ACT_ALLOW",
                         {{.index = 1,
                           .value = value << 32,
                           .value_two = 0,
                           .op = "SCMP_CMP_EQ"}}));
  }
  CHECK_THAT(ErrorOf(AllowList(rules)),
             Catch::StartsWith("linux.seccomp: needs ") &&
                 Catch::EndsWith("instructions, the kernel takes 4096"));
}

TEST_CASE("words known are listed sorted") {
  for (const auto& words :
       {KnownActions(), KnownOperators(), KnownArchitectures(), KnownFlags()}) {
    CHECK(std::is_sorted(words.begin(), words.end()));
    CHECK(!words.empty());
  }
  const auto flags = SupportedFlags();
  CHECK(std::count(flags.begin(), flags.end(), "SECCOMP_FILTER_FLAG_LOG") == 1);
}

}  // namespace
}  // namespace sysbox::seccomp
