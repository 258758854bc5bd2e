#include "sysbox/linux/pid_namespace.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

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
  absl::FunctionRef<int()> open;
  int kept;
  int to_us;
  int error = EIO;  // killed before it could say
};

// System calls only, from here on.
void CloseAllBut(unsigned low, unsigned high) {
  if (low > 0) syscall(SYS_close_range, 0, low - 1, 0);
  if (high - low > 1) syscall(SYS_close_range, low + 1, high - 1, 0);
  syscall(SYS_close_range, high + 1, ~0u, 0);
}

bool Send(int socket, int fd) {
  char byte = 0;
  iovec data = {&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof fd)] = {};
  msghdr message = {};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(header), &fd, sizeof fd);
  return syscall(SYS_sendmsg, socket, &message, MSG_NOSIGNAL) == 1;
}

int OpenThere(void* argument) {
  auto* opening = static_cast<Opening*>(argument);
  // What it opens may have it wait for as long as a container likes.
  syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  const auto [low, high] = std::minmax(opening->kept, opening->to_us);
  CloseAllBut(static_cast<unsigned>(low), static_cast<unsigned>(high));
  const int fd = opening->open();
  opening->error = fd >= 0 && Send(opening->to_us, fd) ? 0 : errno;
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
  // A thread must not go on that has its children born in a container.
  if (!EnterNamespacesOf(self.fd(), CLONE_NEWPID).ok()) std::abort();
  if (child < 0) return ErrnoStatus(error, "clone into pid namespace");
  while (waitpid(child, nullptr, __WALL) < 0 && errno == EINTR) {
  }
  return absl::OkStatus();
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

absl::StatusOr<Fd> OpenInPidNamespace(FdRef pid_namespace, FdRef kept,
                                      absl::FunctionRef<int()> open) {
  SYSBOX_ASSIGN_OR_RETURN(auto sockets, SocketPair(SocketKind::kSeqPacket));
  Opening opening = {.open = open,
                     .kept = kept.valid() ? kept.get() : sockets.second.get(),
                     .to_us = sockets.second.get()};
  SYSBOX_RETURN_IF_ERROR(RunThere(pid_namespace, &opening));
  if (opening.error != 0) {
    return ErrnoStatus(opening.error, "open in pid namespace");
  }
  SYSBOX_ASSIGN_OR_RETURN(ReceivedMessage message,
                          ReceiveMessage(sockets.first, 1, 1));
  if (message.fds.empty()) return ErrnoStatus(EIO, "open in pid namespace");
  return std::move(message.fds.front());
}

absl::StatusOr<Fd> OpenBelowInPidNamespace(FdRef pid_namespace, FdRef base,
                                           const std::string& path, int flags,
                                           uint64_t resolve) {
  const open_how how = {.flags = static_cast<uint64_t>(flags) | O_CLOEXEC,
                        .mode = 0,
                        .resolve = resolve};
  return OpenInPidNamespace(pid_namespace, base, [&] {
    return static_cast<int>(
        syscall(SYS_openat2, base.get(), path.c_str(), &how, sizeof how));
  });
}

}  // namespace sysbox
