#include "sysbox/linux/disk_space.h"

#include <sys/statvfs.h>

#include "sysbox/linux/syscall_status.h"

namespace sysbox {

absl::StatusOr<uint64_t> AvailableSpace(const std::string& path) {
  struct statvfs space = {};
  SYSBOX_RETURN_IF_ERROR(
      SyscallStatus(statvfs(path.c_str(), &space), "statvfs", path));
  return uint64_t{space.f_bavail} * space.f_frsize;
}

}  // namespace sysbox
