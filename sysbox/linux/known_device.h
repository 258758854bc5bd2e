// Which file system a file is of, without asking whoever serves it, as for a
// FUSE one: statx(2) with AT_STATX_DONT_SYNC.
#ifndef SYSBOX_LINUX_KNOWN_DEVICE_H_
#define SYSBOX_LINUX_KNOWN_DEVICE_H_

#include <sys/types.h>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"

namespace sysbox {

absl::StatusOr<dev_t> KnownDevice(FdRef fd);  // its st_dev

}  // namespace sysbox

#endif  // SYSBOX_LINUX_KNOWN_DEVICE_H_
