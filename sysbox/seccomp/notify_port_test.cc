// A real listener, and a child whose calls it answers.
#include "sysbox/seccomp/notify_port.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/process_attributes.h"
#include "sysbox/linux/seccomp_filter.h"
#include "sysbox/linux/socket.h"
#include "sysbox/seccomp/profile.h"

namespace sysbox::seccomp {
namespace {

struct Trapped {
  pid_t child = -1;
  NotifyPort port;
};

// A child under a filter that traps getppid(2), and the filter's listener. The
// child exits with what `body` returns.
template <typename Body>
Trapped Trap(Body body) {
  auto sockets = SocketPair(SocketKind::kSeqPacket);
  REQUIRE(sockets.ok());
  const Override trap = {"getppid", SECCOMP_RET_USER_NOTIF};
  const auto program = CompileProfile(UnconfinedProfile(), "seccomp", {trap});
  REQUIRE(program.ok());
  const pid_t child = fork();
  if (child == 0) {
    if (!SetNoNewPrivileges().ok()) _exit(200);
    auto listener = LoadSeccompFilter(program->instructions, program->flags);
    if (!listener.ok()) _exit(201);
    if (!SendMessage(sockets->second, "l", {*listener}).ok()) _exit(202);
    listener->Reset();
    _exit(body());
  }
  sockets->second.Reset();
  auto message = ReceiveMessage(sockets->first, 1, 1);
  REQUIRE(message.ok());
  REQUIRE(message->fds.size() == 1);
  return {child, NotifyPort(std::move(message->fds[0]))};
}

int ExitCode(pid_t child) {
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

Notification Next(NotifyPort& port) {
  auto received = port.Receive();
  REQUIRE(received.ok());
  REQUIRE(received->has_value());
  return **received;
}

TEST_CASE("a trapped call arrives with its registers and gets its answer") {
  Trapped trapped = Trap([] {
    if (syscall(SYS_getppid, 1L, 2L, 3L, 4L, 5L, 6L) != 7) return 1;
    if (syscall(SYS_getppid) != -1 || errno != EBADMSG) return 2;
    return getppid() == 1 ? 3 : 0;
  });
  Notification call = Next(trapped.port);
  CHECK(call.tid == trapped.child);
  CHECK(call.number == SYS_getppid);
  CHECK(call.args == std::array<uint64_t, 6>{1, 2, 3, 4, 5, 6});
  CHECK(trapped.port.Waits(call.id));
  CHECK(trapped.port.Return(call.id, 7).ok());
  CHECK_FALSE(trapped.port.Waits(call.id));
  CHECK(trapped.port.Fail(Next(trapped.port).id, EBADMSG).ok());
  CHECK(trapped.port.Continue(Next(trapped.port).id).ok());
  CHECK(ExitCode(trapped.child) == 0);
}

TEST_CASE("a call can return a descriptor of ours") {
  Trapped trapped = Trap([] {
    char byte = 0;
    const int fd = static_cast<int>(syscall(SYS_getppid));
    if ((fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0) return 1;
    return read(fd, &byte, 1) == 1 && byte == 'x' ? 0 : 2;
  });
  auto file = MakeMemoryFile("given", "x");
  REQUIRE(file.ok());
  const uint64_t id = Next(trapped.port).id;
  CHECK(trapped.port.ReturnFd(id, *file, /*close_on_exec=*/true).ok());
  CHECK(ExitCode(trapped.child) == 0);
}

TEST_CASE("a caller that died needs no answer") {
  Trapped trapped = Trap([] { return static_cast<int>(getppid()); });
  const uint64_t id = Next(trapped.port).id;
  kill(trapped.child, SIGKILL);
  CHECK(ExitCode(trapped.child) == -SIGKILL);
  CHECK_FALSE(trapped.port.Waits(id));
  CHECK(trapped.port.Return(id, 0).ok());
}

TEST_CASE("a caller that died before it was received is nobody") {
  Trapped trapped = Trap([] { return static_cast<int>(getppid()); });
  REQUIRE(WaitReadable(trapped.port.fd(), -1).value());
  kill(trapped.child, SIGKILL);
  CHECK(ExitCode(trapped.child) == -SIGKILL);
  const auto received = trapped.port.Receive();
  REQUIRE(received.ok());
  CHECK_FALSE(received->has_value());
}

TEST_CASE("a port without processes hangs up") {
  Trapped trapped = Trap([] { return 0; });
  auto epoll = Epoll::Create();
  REQUIRE(epoll.ok());
  REQUIRE(epoll->Add(trapped.port.fd(), EPOLLIN, 1).ok());
  const auto events = epoll->Wait(-1);
  REQUIRE(events.ok());
  REQUIRE(events->size() == 1);
  CHECK((events->front().events & EPOLLHUP) != 0);
  CHECK(ExitCode(trapped.child) == 0);
}

TEST_CASE("waking on one CPU is a wish that old kernels do not know") {
  Trapped trapped = Trap([] { return 0; });
  const absl::Status wished = trapped.port.PreferOneCpu();
  CHECK(
      (wished.ok() || ErrnoOf(wished) == ENOTTY || ErrnoOf(wished) == EINVAL));
  CHECK(ExitCode(trapped.child) == 0);
}

}  // namespace
}  // namespace sysbox::seccomp
