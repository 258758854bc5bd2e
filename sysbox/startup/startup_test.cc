// Starts startup_probe, and its like with glibc's own start-up, instruction by
// instruction: how often is the processor asked about itself (CPUID), here and
// where it says that it is Intel's, whose caches take most questions; and is
// everything there that a program finds when it has started?

#include <sched.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "catch2/catch.hpp"

#ifdef __x86_64__
#include <cpuid.h>

namespace {

constexpr char kOurs[] = "sysbox/startup/startup_probe";
constexpr char kPlain[] = "sysbox/startup/plain/startup_probe";
// A program is in main() long before. Each takes some microseconds.
constexpr int kSteps = 40'000;
constexpr long kCpuid = 0xa20f;
constexpr int kCpuidLength = 2;

enum class Processor { kThis, kIntels };

struct Started {
  int questions = 0;
  int status = 0;  // wait(2)'s
};

struct Answer {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
};

// An Ice Lake's: "see leaf 4", and there 48 KiB, 32 KiB, 1.25 MiB, 54 MiB.
Answer IntelsCache(unsigned index) {
  constexpr Answer kCaches[] = {{0x7c004121, 0x02c0003f, 0x3f, 0},
                                {0x7c004122, 0x01c0003f, 0x3f, 0},
                                {0x7c004143, 0x04c0003f, 0x3ff, 0},
                                {0x7c0fc163, 0x02c0003f, 0x11fff, 4}};
  return index < std::size(kCaches) ? kCaches[index] : Answer();
}

// Features are this processor's: the string functions that are chosen by them
// must work here.
Answer AskIntel(unsigned leaf, unsigned index) {
  if (leaf == 0) return {0x1b, 0x756e6547, 0x6c65746e, 0x49656e69};
  if (leaf == 2) return {0x00feff01, 0xf0, 0, 0};
  if (leaf == 4) return IntelsCache(index);
  if (leaf == 0xb) {
    return index == 0   ? Answer{1, 2, 0x100, 0}
           : index == 1 ? Answer{6, 64, 0x201, 0}
                        : Answer{0, 0, index, 0};
  }
  Answer answer;
  __cpuid_count(leaf, index, answer.eax, answer.ebx, answer.ecx, answer.edx);
  if (leaf == 1) answer.eax = 0x606a6;
  return answer;
}

void AnswerAsIntel(pid_t pid, user_regs_struct& registers) {
  const Answer answer = AskIntel(static_cast<unsigned>(registers.rax),
                                 static_cast<unsigned>(registers.rcx));
  registers.rax = answer.eax;
  registers.rbx = answer.ebx;
  registers.rcx = answer.ecx;
  registers.rdx = answer.edx;
  registers.rip += kCpuidLength;
  if (ptrace(PTRACE_SETREGS, pid, nullptr, &registers) != 0) FAIL("ptrace");
}

// Who is traced, too: each step then wakes nobody on another.
void StayOnOneCpu() {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  REQUIRE(sched_setaffinity(0, sizeof one, &one) == 0);
}

pid_t StartTraced(const char* program, const char* what) {
  StayOnOneCpu();
  const pid_t pid = fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    char* argv[] = {const_cast<char*>("startup_probe"), const_cast<char*>(what),
                    nullptr};
    char* environment[] = {const_cast<char*>("STARTUP=probe"), nullptr};
    ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    execve(program, argv, environment);
    _exit(253);
  }
  return pid;
}

Started Start(const char* program, const char* what, Processor processor) {
  const pid_t pid = StartTraced(program, what);
  Started started;
  for (int step = 0; step < kSteps; ++step) {
    if (waitpid(pid, &started.status, 0) != pid) FAIL("waitpid");
    if (!WIFSTOPPED(started.status)) return started;
    user_regs_struct registers;
    if (ptrace(PTRACE_GETREGS, pid, nullptr, &registers) != 0) FAIL("ptrace");
    const long code = ptrace(PTRACE_PEEKTEXT, pid, registers.rip, nullptr);
    if ((code & 0xffff) == kCpuid) {
      ++started.questions;
      if (processor == Processor::kIntels) AnswerAsIntel(pid, registers);
    }
    if (ptrace(PTRACE_SINGLESTEP, pid, nullptr, nullptr) != 0) FAIL("ptrace");
  }
  REQUIRE(waitpid(pid, &started.status, 0) == pid);
  REQUIRE(ptrace(PTRACE_DETACH, pid, nullptr, nullptr) == 0);
  REQUIRE(waitpid(pid, &started.status, 0) == pid);
  return started;
}

// The line of startup_probe.cc that found something wrong.
int LineOfFailure(const Started& started) {
  INFO("status " << started.status);
  REQUIRE(WIFEXITED(started.status));
  return WEXITSTATUS(started.status);
}

}  // namespace

TEST_CASE("a start asks the processor little") {
  const Started ours = Start(kOurs, "start", Processor::kThis);
  const Started plain = Start(kPlain, "start", Processor::kThis);
  CHECK(LineOfFailure(ours) == 0);
  CHECK(LineOfFailure(plain) == 0);
  if (ours.questions == plain.questions) {
    WARN("skipped: this libc's start-up is used as it is");
    return;
  }
  CHECK(ours.questions <= 20);
  CHECK(ours.questions < plain.questions);
}

TEST_CASE("a start asks an Intel processor little") {
  const Started ours = Start(kOurs, "start", Processor::kIntels);
  const Started plain = Start(kPlain, "start", Processor::kIntels);
  CHECK(LineOfFailure(ours) == 0);
  CHECK(LineOfFailure(plain) == 0);
  if (ours.questions == plain.questions) {
    WARN("skipped: this libc's start-up is used as it is");
    return;
  }
  CHECK(ours.questions <= 20);
  CHECK(plain.questions >= 50);
}

TEST_CASE("all is there when a program has started") {
  CHECK(LineOfFailure(Start(kOurs, "check", Processor::kThis)) == 0);
}

TEST_CASE("all is there when a program has started on an Intel processor") {
  CHECK(LineOfFailure(Start(kOurs, "check", Processor::kIntels)) == 0);
}

TEST_CASE("all is there when another libc's start-up is left as it is") {
  CHECK(LineOfFailure(Start(kPlain, "check", Processor::kThis)) == 0);
  CHECK(LineOfFailure(Start(kPlain, "check", Processor::kIntels)) == 0);
}

#else

TEST_CASE("a start asks the processor little") { WARN("skipped: not x86-64"); }

#endif
