#include "sysbox/linux/pid_namespace.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <optional>

#include "catch2/catch.hpp"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/linux/process.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox {
namespace {

TEST_CASE("a pid namespace tells its process 1 in the caller's numbers") {
  std::optional<OwnedChild> child = VALUE_OF(Clone({.flags = CLONE_NEWPID}));
  if (!child) {
    for (;;) pause();
  }
  Fd ns = VALUE_OF(OpenNamespace(child->pid(), NamespaceType::kPid));
  const absl::StatusOr<pid_t> init = InitOfPidNamespace(ns);
  if (ErrnoOf(init.status()) == ENOTTY) {
    WARN("skipped: no NS_GET_TGID_FROM_PIDNS (Linux 6.11)");
    return;
  }
  CHECK(VALUE_OF(init) == child->pid());
  CHECK(VALUE_OF(ThreadInPidNamespace(ns, 1)) == child->pid());
  CHECK_ERRNO(ESRCH, ThreadInPidNamespace(ns, 2));
  CHECK_ERRNO(ESRCH, ThreadInPidNamespace(ns, -1));
  REQUIRE_OK(child->pidfd().Signal(9));
  REQUIRE_OK(child->Wait());
  CHECK_ERRNO(ESRCH, InitOfPidNamespace(ns));
}

size_t OpenDescriptors() {
  size_t count = 0;
  for (int fd = 0; fd < 1024; ++fd) count += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
  return count;
}

TEST_CASE("what is opened in a pid namespace comes back, or nothing does") {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, nullptr);
  std::optional<OwnedChild> child = VALUE_OF(Clone({.flags = CLONE_NEWPID}));
  if (!child) {
    for (;;) pause();
  }
  const Fd ns = VALUE_OF(OpenNamespace(child->pid(), NamespaceType::kPid));
  const Fd root = VALUE_OF(Open("/", {.flags = O_PATH}));
  const size_t before = OpenDescriptors();
  const auto open_root = [] {
    return static_cast<int>(syscall(SYS_openat, AT_FDCWD, "/", O_PATH));
  };
  {
    // It sees itself as 2, and has no descriptor but the one, and its socket.
    const Fd opened = VALUE_OF(OpenInPidNamespace(ns, root, [&] {
      const bool kept = fcntl(root.get(), F_GETFD) >= 0;
      const bool others = fcntl(STDERR_FILENO, F_GETFD) >= 0;
      if (syscall(SYS_getpid) == 2 && kept && !others) return open_root();
      errno = EPROTO;
      return -1;
    }));
    CHECK(fcntl(opened.get(), F_GETFD) == FD_CLOEXEC);
  }
  CHECK_OK(OpenInPidNamespace(ns, FdRef(-1), open_root).status());
  CHECK_OK(OpenBelowInPidNamespace(ns, root, "proc", O_PATH, RESOLVE_BENEATH)
               .status());
  CHECK_ERRNO(ENOENT, OpenBelowInPidNamespace(ns, root, "no/such", O_PATH,
                                              RESOLVE_BENEATH));
  CHECK_ERRNO(EIO, OpenInPidNamespace(ns, root, [&] {
                open_root();
                syscall(SYS_exit_group, 9);
                return 0;
              }));
  CHECK(OpenDescriptors() == before);
  REQUIRE_OK(child->pidfd().Signal(SIGKILL));
  REQUIRE_OK(child->Wait());
  CHECK_ERRNO(ENOMEM, OpenInPidNamespace(ns, root, open_root));
}

TEST_CASE("who waits in a pid namespace ends with the one it works for") {
  std::optional<OwnedChild> child = VALUE_OF(Clone({.flags = CLONE_NEWPID}));
  if (!child) {
    for (;;) pause();
  }
  const Fd ns = VALUE_OF(OpenNamespace(child->pid(), NamespaceType::kPid));
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const Fd hears(ends[0]);
  Fd tells(ends[1]);
  std::optional<OwnedChild> worker = VALUE_OF(Clone({}));
  if (!worker) {
    (void)OpenInPidNamespace(ns, tells, [&] {
      for (syscall(SYS_write, ends[1], "!", 1);;) syscall(SYS_pause);
      return -1;
    });
    _exit(0);
  }
  tells.Reset();
  char told = 0;
  REQUIRE(read(hears.get(), &told, 1) == 1);
  REQUIRE_OK(worker->pidfd().Signal(SIGKILL));
  // Nobody has the other end any more.
  pollfd entry = {.fd = hears.get(), .events = POLLIN, .revents = 0};
  REQUIRE(poll(&entry, 1, 10'000) == 1);
  CHECK(entry.revents == POLLHUP);
}

}  // namespace
}  // namespace sysbox
