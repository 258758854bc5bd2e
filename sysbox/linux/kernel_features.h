// What the running kernel can do, as far as it tells in a handful of system
// calls that change nothing. For people: decisions are made by trying.
#ifndef SYSBOX_LINUX_KERNEL_FEATURES_H_
#define SYSBOX_LINUX_KERNEL_FEATURES_H_

#include <string>

namespace sysbox {

struct KernelFeatures {
  std::string release;  // uname(2)
  // The system call or action is there.
  bool mount_api = false;          // fsopen(2), Linux 5.2
  bool clone3 = false;             // Linux 5.3
  bool openat2 = false;            // Linux 5.6
  bool id_mapped_mounts = false;   // mount_setattr(2), Linux 5.12
  bool seccomp_notify = false;     // SECCOMP_RET_USER_NOTIF, Linux 5.0
  bool clone_into_cgroup = false;  // CLONE_INTO_CGROUP, Linux 5.7
};
KernelFeatures ProbeKernel();
std::string KernelRelease();  // uname(2)

}  // namespace sysbox

#endif  // SYSBOX_LINUX_KERNEL_FEATURES_H_
