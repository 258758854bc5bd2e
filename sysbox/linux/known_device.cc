#include "sysbox/linux/known_device.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <string>

#include "sysbox/base/status.h"
#include "sysbox/linux/syscall_status.h"

namespace sysbox {

absl::StatusOr<dev_t> KnownDevice(FdRef fd) {
  struct statx result;
  SYSBOX_RETURN_IF_ERROR(SyscallStatus(
      statx(fd.get(), "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, &result),
      "statx descriptor", std::to_string(fd.get())));
  return makedev(result.stx_dev_major, result.stx_dev_minor);
}

}  // namespace sysbox
