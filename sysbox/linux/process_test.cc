#include "sysbox/linux/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <functional>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox {
namespace {

// A child that runs `body` and exits with its result.
OwnedChild Child(std::function<int()> body) {
  absl::StatusOr<OwnedChild> child =
      Fork([](void* f) { return (*static_cast<std::function<int()>*>(f))(); },
           &body);
  REQUIRE_OK(child);
  return *std::move(child);
}

OwnedChild PausedChild() {
  return Child([] {
    while (true) pause();
    return 0;
  });
}

int CodeOf(std::function<int()> body) {
  OwnedChild child = Child(std::move(body));
  absl::StatusOr<ExitStatus> status = child.Wait();
  REQUIRE_OK(status);
  return status->ShellCode();
}

bool Gone(pid_t pid) { return kill(pid, 0) != 0 && errno == ESRCH; }

void AwaitEnd(const Pidfd& pidfd) {
  pollfd entry = {pidfd.fd().get(), POLLIN, 0};
  REQUIRE(poll(&entry, 1, 10000) == 1);
}

TEST_CASE("an awaited child tells its code or its signal, and owns nothing") {
  OwnedChild exits = Child([] { return 7; });
  CHECK(exits.Wait()->code == 7);
  CHECK_FALSE(exits.valid());
  OwnedChild dies = PausedChild();
  const Pidfd other = *OpenPidfd(dies.pid());
  CHECK(other.Alive());
  REQUIRE_OK(other.Signal(SIGTERM));
  const ExitStatus status = *dies.Wait();
  CHECK(status.signal == SIGTERM);
  CHECK(status.ShellCode() == 128 + SIGTERM);
  CHECK_FALSE(other.Alive());
  CHECK_ERRNO(ESRCH, other.Signal(SIGTERM));
}

TEST_CASE("an owned child is killed and reaped when it goes out of scope") {
  pid_t pid = 0;
  {
    OwnedChild child = PausedChild();
    pid = child.pid();
    CHECK_FALSE(Gone(pid));
  }
  CHECK(Gone(pid));
}

TEST_CASE("assigning to an owned child ends the former one") {
  OwnedChild child = PausedChild();
  const pid_t former = child.pid();
  child = PausedChild();
  CHECK(Gone(former));
  CHECK(child.pidfd().Alive());
}

TEST_CASE("a released child lives on") {
  OwnedChild child = PausedChild();
  const Pidfd pidfd = child.Release();
  CHECK_FALSE(child.valid());
  child = OwnedChild();
  CHECK(pidfd.Alive());
  REQUIRE_OK(pidfd.Signal(SIGKILL));
  CHECK(waitpid(pidfd.pid(), nullptr, 0) == pidfd.pid());
}

TEST_CASE("a process's name cannot forge its state or start time") {
  OwnedChild child = Child([] {
    if (!SetProcessName("a) Z 1 (b c) ").ok()) return 1;
    raise(SIGSTOP);
    return 0;
  });
  siginfo_t info;
  REQUIRE(waitid(P_PID, static_cast<id_t>(child.pid()), &info, WSTOPPED) == 0);
  CHECK(*ProcessState(child.pid()) == 'T');
  CHECK(*StartTimeTicks(child.pid()) >= *StartTimeTicks(getpid()));
  CHECK(*StartTimeTicks(getpid()) > 0);
}

TEST_CASE("a zombie is not alive but still has a state") {
  OwnedChild child = Child([] { return 0; });
  AwaitEnd(child.pidfd());
  CHECK_FALSE(child.pidfd().Alive());
  CHECK(*ProcessState(child.pid()) == 'Z');
}

TEST_CASE("a process that is gone gives ESRCH") {
  OwnedChild child = Child([] { return 0; });
  const pid_t pid = child.pid();
  REQUIRE_OK(child.Wait());
  CHECK_ERRNO(ESRCH, OpenPidfd(pid));
  CHECK_ERRNO(ESRCH, StartTimeTicks(pid));
  CHECK_ERRNO(ESRCH, ProcessState(pid));
}

TEST_CASE("a child that sends no signal at its end is awaited all the same") {
  auto child = Clone({.exit_signal = 0});
  REQUIRE_OK(child);
  if (!child->has_value()) _exit(3);
  CHECK((*child)->Wait()->code == 3);
}

TEST_CASE("clone makes namespaces and the child is process 1 of its own") {
  auto child = Clone({.flags = CLONE_NEWUSER | CLONE_NEWPID});
  REQUIRE_OK(child);
  if (!child->has_value()) _exit(getpid() == 1 ? 0 : 1);
  CHECK((*child)->Wait()->code == 0);
}

TEST_CASE("clone reports the kernel's error") {
  CHECK_ERRNO(EINVAL, Clone({.flags = CLONE_NEWNS | CLONE_FS}));
}

TEST_CASE("clone starts the child in the cgroup given") {
  const std::string root = "/sys/fs/cgroup/unified";
  if (!Exists(root + "/cgroup.procs")) {
    WARN("skipped: no cgroup2 at " << root);
    return;
  }
  const std::string path = fmt::format("{}/process_test_{}", root, getpid());
  REQUIRE(mkdir(path.c_str(), 0755) == 0);
  {
    const Fd cgroup(open(path.c_str(), O_DIRECTORY | O_CLOEXEC));
    auto child = Clone({.into_cgroup = FdRef(cgroup)});
    REQUIRE_OK(child);
    if (!child->has_value()) {
      while (true) pause();
    }
    CHECK(ReadFile(path + "/cgroup.procs")
              ->find(std::to_string((*child)->pid())) != std::string::npos);
  }
  CHECK(rmdir(path.c_str()) == 0);
}

TEST_CASE("a child made with CLONE_PARENT is its grandparent's to reap") {
  OwnedChild middle = Child([] {
    auto sibling = Clone({.flags = CLONE_PARENT, .exit_signal = 0});
    if (!sibling.ok()) return 1;
    if (!sibling->has_value()) _exit(5);
    (*sibling)->Release();
    return 4;
  });
  CHECK(middle.Wait()->code == 4);
  const auto reaped = ReapAnyChild(true);
  REQUIRE_OK(reaped);
  REQUIRE(reaped->has_value());
  CHECK((*reaped)->status.code == 5);
}

TEST_CASE("reaping finds nothing when no child has ended or none is left") {
  CHECK_FALSE(ReapAnyChild(true)->has_value());
  OwnedChild child = PausedChild();
  CHECK_FALSE(ReapAnyChild(false)->has_value());
}

TEST_CASE("a failing execve reports errno and path") {
  const absl::Status status = Execute("/nonexistent", {"x"}, {});
  CHECK_ERRNO(ENOENT, status);
  CHECK(MessageOf(status) == "execve /nonexistent: No such file or directory");
}

TEST_CASE("a program runs from a descriptor with its arguments and variables") {
  const Fd program(open("/bin/sh", O_PATH | O_CLOEXEC));
  CHECK(CodeOf([&] {
          ExecuteFd(program, {"sh", "-c", "exit $CODE"}, {"CODE=9"})
              .IgnoreError();
          return 1;
        }) == 9);
}

TEST_CASE("a process's attributes are set") {
  CHECK(CodeOf([] {
          char name[16] = {};
          if (!SetProcessName("sysbox[2:init] and more").ok()) return 1;
          prctl(PR_GET_NAME, name);
          if (std::strcmp(name, "sysbox[2:init] ") != 0) return 2;
          int signal = 0;
          if (!SetParentDeathSignal(SIGKILL).ok()) return 3;
          prctl(PR_GET_PDEATHSIG, &signal);
          if (signal != SIGKILL) return 4;
          int subreaper = 0;
          if (!SetChildSubreaper(true).ok()) return 5;
          prctl(PR_GET_CHILD_SUBREAPER, &subreaper);
          if (subreaper != 1) return 6;
          if (!SetDumpable(false).ok()) return 7;
          if (prctl(PR_GET_DUMPABLE) != 0) return 8;
          if (!NewSession().ok() || getsid(0) != getpid()) return 9;
          return 0;
        }) == 0);
}

TEST_CASE("the root becomes the directory of the descriptor") {
  CHECK(CodeOf([] {
          const Fd dir(open("/proc/self", O_PATH | O_DIRECTORY));
          if (!ChangeDirectory(dir).ok()) return 1;
          if (access("status", F_OK) != 0) return 2;
          if (!ChangeRoot(dir).ok()) return 3;
          return access("/status", F_OK) == 0 ? 0 : 4;
        }) == 0);
}

}  // namespace
}  // namespace sysbox
