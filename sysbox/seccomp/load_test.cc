// Compiled programs in the kernel: what system calls really answer.

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "catch2/catch.hpp"
#include "sysbox/linux/process_attributes.h"
#include "sysbox/linux/seccomp_filter.h"
#include "sysbox/oci/spec_json.h"
#include "sysbox/seccomp/profile.h"

namespace sysbox::seccomp {
namespace {

// The wait status of a child that loads the program and exits with what
// `body` returns. The listener, if there is one, is closed at once.
template <typename Body>
int RunUnder(const oci::Seccomp& profile, Body body,
             std::vector<Override> overrides = {}) {
  const auto program = CompileProfile(profile, "linux.seccomp", overrides);
  REQUIRE(program.ok());
  const pid_t child = fork();
  if (child == 0) {
    if (!SetNoNewPrivileges().ok()) _exit(200);
    if (!LoadSeccompFilter(program->instructions, program->flags).ok()) {
      _exit(201);
    }
    _exit(body());
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return status;
}

// 0 or the errno of a system call.
template <typename... Args>
int ErrnoFrom(long number, Args... args) {
  return syscall(number, args...) < 0 ? errno : 0;
}

int ExitCode(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#if defined(__x86_64__)
// A system call of 32-bit x86.
long CallI386(long number, long arg0 = 0) {
  long result = 0;
  asm volatile("int $0x80"
               : "=a"(result)
               : "a"(number), "b"(arg0)
               : "memory", "r8", "r9", "r10", "r11");
  return static_cast<int>(result);
}

bool HasI386() {
  const pid_t child = fork();
  if (child == 0) _exit(CallI386(20) == getpid() ? 0 : 1);  // getpid
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return ExitCode(status) == 0;
}

oci::Seccomp DenyGetppid() {
  oci::Seccomp profile;
  profile.default_action = "SCMP_ACT_ALLOW";
  profile.syscalls.resize(1);
  profile.syscalls[0].names = {"getppid"};
  profile.syscalls[0].action = "SCMP_ACT_ERRNO";
  profile.syscalls[0].errno_ret = EBADMSG;
  return profile;
}

TEST_CASE("a denied call answers its errno, others work") {
  CHECK(ExitCode(RunUnder(DenyGetppid(), [] {
          return getpid() > 0 ? ErrnoFrom(SYS_getppid) : 255;
        })) == EBADMSG);
}

TEST_CASE("an unlisted 32-bit ABI is refused, a listed one filtered") {
  if (!HasI386()) {
    WARN("skipped: this kernel has no 32-bit x86 system calls");
    return;
  }
  const auto getppid_i386 = [] { return static_cast<int>(-CallI386(64)); };
  oci::Seccomp profile = DenyGetppid();
  const int killed = RunUnder(profile, getppid_i386);
  CHECK((WIFSIGNALED(killed) && WTERMSIG(killed) == SIGSYS));
  profile.architectures = {"SCMP_ARCH_X86"};
  CHECK(ExitCode(RunUnder(profile, getppid_i386)) == EBADMSG);
  CHECK(ExitCode(RunUnder(
            profile, [] { return CallI386(20) == getpid() ? 0 : 1; })) == 0);
}

TEST_CASE("x32 is refused unless listed") {
  const auto getpid_x32 = [] {
    return ErrnoFrom(SYS_getpid | 0x40000000) == ENOSYS ? 1 : 0;
  };
  oci::Seccomp profile = DenyGetppid();
  const int killed = RunUnder(profile, getpid_x32);
  CHECK((WIFSIGNALED(killed) && WTERMSIG(killed) == SIGSYS));
  profile.architectures = {"SCMP_ARCH_X32"};
  CHECK(WIFEXITED(RunUnder(profile, getpid_x32)));  // kernels may lack x32
}

TEST_CASE("Docker's profile loads and does what it says") {
  std::ifstream stream("sysbox/seccomp/testdata/docker_20_10.json");
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  const auto spec = oci::ParseSpec(text);
  REQUIRE(spec.ok());
  const oci::Seccomp& profile = *spec->linux->seccomp;
  const auto answers = [&](auto call) {
    return ExitCode(RunUnder(profile, call));
  };
  CHECK(answers([] { return ErrnoFrom(SYS_getppid); }) == 0);
  CHECK(answers([] { return ErrnoFrom(SYS_clone3, 0, 0); }) == ENOSYS);
  CHECK(answers([] { return ErrnoFrom(SYS_unshare, 0); }) == EPERM);
  CHECK(answers([] { return ErrnoFrom(SYS_personality, 0L); }) == 0);
  CHECK(answers([] { return ErrnoFrom(SYS_personality, 0xffffffffL); }) == 0);
  CHECK(answers([] { return ErrnoFrom(SYS_personality, 4L); }) == EPERM);
  CHECK(answers([] { return ErrnoFrom(SYS_personality, 0x1'0000'0000L); }) ==
        EPERM);
  CHECK(answers([] { return ErrnoFrom(900); }) == ENOSYS);
}
#endif

TEST_CASE("a trapped call asks the listener") {
  // With no listener left, the kernel answers ENOSYS.
  CHECK(ExitCode(RunUnder(UnconfinedProfile(),
                          [] { return ErrnoFrom(SYS_getppid); },
                          {{"getppid", SECCOMP_RET_USER_NOTIF}})) == ENOSYS);
}

TEST_CASE("every supported flag loads") {
  oci::Seccomp profile = UnconfinedProfile();
  profile.flags = SupportedFlags();
  CHECK(ExitCode(RunUnder(profile, [] { return 0; })) == 0);
  CHECK(ExitCode(RunUnder(profile, [] { return ErrnoFrom(SYS_getppid); },
                          {{"getppid", SECCOMP_RET_USER_NOTIF}})) == ENOSYS);
}

}  // namespace
}  // namespace sysbox::seccomp
