#include "sysbox/linux/pid_namespace.h"

#include <linux/nsfs.h>
#include <sys/ioctl.h>

#include "sysbox/base/status.h"
#include "sysbox/linux/syscall_status.h"

namespace sysbox {
namespace {

// In <linux/nsfs.h> since Linux 6.11.
constexpr unsigned long kGetPidFromPidns = _IOR(NSIO, 0x6, int);
constexpr unsigned long kGetTgidFromPidns = _IOR(NSIO, 0x7, int);

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

}  // namespace sysbox
