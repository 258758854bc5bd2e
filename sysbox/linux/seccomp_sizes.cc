#include "sysbox/linux/seccomp_sizes.h"

#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "sysbox/linux/syscall_status.h"

namespace sysbox {

absl::StatusOr<size_t> LargestSeccompNotification() {
  seccomp_notif_sizes sizes = {};
  absl::Status asked =
      SyscallStatus(syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes),
                    "seccomp", "SECCOMP_GET_NOTIF_SIZES");
  if (!asked.ok()) return asked;
  return std::max(sizes.seccomp_notif, sizes.seccomp_notif_resp);
}

}  // namespace sysbox
