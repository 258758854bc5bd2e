#include "sysbox/linux/mount_watch.h"

#include <unistd.h>

#include <string>

#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/syscall_status.h"

namespace sysbox {

uint64_t MountWatch::Generation() {
  absl::MutexLock lock(&mu_);
  if (MountsChanged(mountinfo_).value_or(true)) ++generation_;
  return generation_;
}

absl::StatusOr<std::vector<MountInfo>> MountWatch::Read() {
  absl::MutexLock lock(&mu_);
  SYSBOX_RETURN_IF_ERROR(
      SyscallStatus(lseek(mountinfo_.get(), 0, SEEK_SET), "lseek mountinfo"));
  SYSBOX_ASSIGN_OR_RETURN(const std::string text, ReadAll(mountinfo_));
  return ParseMountInfo(text);
}

}  // namespace sysbox
