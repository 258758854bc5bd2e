#include "sysbox/linux/pid_namespace.h"

#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/linux/process.h"
#include "sysbox/linux/socket.h"
#include "sysbox/linux/syscall_status.h"

namespace sysbox {
namespace {

// In <linux/nsfs.h> since Linux 6.11.
constexpr unsigned long kGetPidFromPidns = _IOR(NSIO, 0x6, int);
constexpr unsigned long kGetTgidFromPidns = _IOR(NSIO, 0x7, int);

struct Opening {
  absl::FunctionRef<int(absl::Span<int> fds)> open;
  FdRef to_us;
  absl::Span<int> fds;  // as that process numbers them
  int error = EIO;      // killed before it could say
};

absl::Status SendOpened(const Opening& opening) {
  absl::InlinedVector<FdRef, kMostOpenedThere> opened;
  for (const int fd : opening.fds) {
    if (fd >= 0) opened.push_back(FdRef(fd));
  }
  return SendMessage(opening.to_us, "o", opened);
}

int OpenThere(void* argument) {
  auto* opening = static_cast<Opening*>(argument);
  const int error = opening->open(opening->fds);
  if (error != 0 || SendOpened(*opening).ok()) opening->error = error;
  syscall(SYS_exit_group, 0);
  return 0;
}

// The thread is in its own pid namespace again when this returns. Which is not
// looked for in /proc: the thread may be among a container's mounts.
absl::Status RunThere(FdRef pid_namespace, Opening* opening) {
  SYSBOX_ASSIGN_OR_RETURN(const Pidfd self, OpenPidfd(getpid()));
  SYSBOX_RETURN_IF_ERROR(EnterNamespace(pid_namespace, NamespaceType::kPid));
  constexpr size_t kStack = 16384;
  alignas(16) std::array<char, kStack> stack;
  // With descriptors of its own: what it opens goes when it is killed.
  const pid_t child = clone(OpenThere, stack.data() + stack.size(),
                            CLONE_VM | CLONE_VFORK | SIGCHLD, opening);
  const int error = errno;
  const absl::Status back = EnterNamespacesOf(self.fd(), CLONE_NEWPID);
  if (child < 0) return ErrnoStatus(error, "clone into pid namespace");
  while (waitpid(child, nullptr, __WALL) < 0 && errno == EINTR) {
  }
  return back;
}

}  // namespace

absl::StatusOr<pid_t> InitOfPidNamespace(FdRef ns) {
  const int pid = ioctl(ns.get(), kGetTgidFromPidns, 1);
  SYSBOX_RETURN_IF_ERROR(SyscallStatus(pid, "ioctl NS_GET_TGID_FROM_PIDNS"));
  return pid;
}

absl::StatusOr<pid_t> ThreadInPidNamespace(FdRef ns, pid_t tid) {
  const int pid = ioctl(ns.get(), kGetPidFromPidns, tid);
  SYSBOX_RETURN_IF_ERROR(SyscallStatus(pid, "ioctl NS_GET_PID_FROM_PIDNS"));
  return pid;
}

absl::StatusOr<std::vector<Fd>> OpenInPidNamespace(
    FdRef pid_namespace, size_t count,
    absl::FunctionRef<int(absl::Span<int> fds)> open) {
  if (count > kMostOpenedThere)
    return ErrnoStatus(EINVAL, "open: too many at once");
  SYSBOX_ASSIGN_OR_RETURN(auto sockets, SocketPair(SocketKind::kSeqPacket));
  std::vector<int> there(count, -1);
  Opening opening = {open, sockets.second, absl::MakeSpan(there)};
  SYSBOX_RETURN_IF_ERROR(RunThere(pid_namespace, &opening));
  if (opening.error != 0) {
    return ErrnoStatus(opening.error, "open in pid namespace");
  }
  SYSBOX_ASSIGN_OR_RETURN(ReceivedMessage message,
                          ReceiveMessage(sockets.first, 1, count));
  std::vector<Fd> opened(count);
  auto next = message.fds.begin();
  for (size_t i = 0; i < count; ++i) {
    if (there[i] < 0) continue;
    if (next == message.fds.end()) return ErrnoStatus(EIO, "descriptors lost");
    opened[i] = std::move(*next++);
  }
  return opened;
}

}  // namespace sysbox
