#include "sysbox/linux/pid_namespace.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "catch2/catch.hpp"
#include "sysbox/linux/fd.h"
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
  const size_t before = OpenDescriptors();
  {
    const std::vector<Fd> opened =
        VALUE_OF(OpenInPidNamespace(ns, 3, [](absl::Span<int> fds) {
          fds[1] = static_cast<int>(syscall(SYS_openat, AT_FDCWD, "/", O_PATH));
          fds[2] = static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0));
          return syscall(SYS_getpid) == 2 && fds[2] >= 0 ? 0 : EPROTO;
        }));
    REQUIRE(opened.size() == 3);
    CHECK_FALSE(opened[0].valid());
    CHECK(fcntl(opened[1].get(), F_GETFL) >= 0);
    CHECK(fcntl(opened[2].get(), F_GETFD) == FD_CLOEXEC);
  }
  const auto open = [](absl::Span<int> fds) {
    fds[0] = static_cast<int>(syscall(SYS_openat, AT_FDCWD, "/", O_PATH));
    return fds[0];
  };
  CHECK_ERRNO(ENOENT, OpenInPidNamespace(ns, 1, [&](absl::Span<int> fds) {
                return open(fds) < 0 ? EPROTO : ENOENT;
              }));
  CHECK_ERRNO(EIO, OpenInPidNamespace(ns, 1, [&](absl::Span<int> fds) {
                open(fds);
                syscall(SYS_exit_group, 9);
                return 0;
              }));
  CHECK_ERRNO(EINVAL, OpenInPidNamespace(ns, kMostOpenedThere + 1,
                                         [](absl::Span<int>) { return 0; }));
  CHECK(OpenDescriptors() == before);
  REQUIRE_OK(child->pidfd().Signal(SIGKILL));
  REQUIRE_OK(child->Wait());
  CHECK_ERRNO(ENOMEM,
              OpenInPidNamespace(ns, 1, [](absl::Span<int>) { return 0; }));
}

}  // namespace
}  // namespace sysbox
