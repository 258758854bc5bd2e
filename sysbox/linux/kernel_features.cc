#include "sysbox/linux/kernel_features.h"

#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace sysbox {
namespace {

// Called with arguments that no kernel accepts.
bool IsImplemented(long number) {
  return syscall(number, -1, nullptr, 0, nullptr, 0, 0) >= 0 || errno != ENOSYS;
}

// Refused by every kernel, before there is a process: as a wrong descriptor by
// those that know the field, as too big a structure by others.
bool CanCloneIntoCgroup() {
  clone_args args = {};
  args.flags = CLONE_INTO_CGROUP;
  args.cgroup = UINT64_MAX;
  return syscall(SYS_clone3, &args, sizeof args) >= 0 || errno == EINVAL;
}

}  // namespace

std::string KernelRelease() {
  utsname name = {};
  return uname(&name) == 0 ? name.release : "";
}

KernelFeatures ProbeKernel() {
  KernelFeatures features;
  features.release = KernelRelease();
  features.mount_api = IsImplemented(SYS_fsopen);
  features.clone3 = syscall(SYS_clone3, nullptr, 0) >= 0 || errno != ENOSYS;
  features.openat2 = IsImplemented(SYS_openat2);
  features.id_mapped_mounts = IsImplemented(SYS_mount_setattr);
  const uint32_t action = SECCOMP_RET_USER_NOTIF;
  features.seccomp_notify =
      syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
  features.clone_into_cgroup = CanCloneIntoCgroup();
  return features;
}

}  // namespace sysbox
