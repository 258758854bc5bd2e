// A new procfs for another pid namespace than one's own. Linux 6.18 has an
// option for that; before, a procfs is of the pid namespace of the process
// that makes it.
#ifndef SYSBOX_LINUX_PROCFS_H_
#define SYSBOX_LINUX_PROCFS_H_

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/mount.h"

namespace sysbox {

// To be configured and mounted: a procfs of `pid_namespace`, which must be the
// caller's or below it. Needs CAP_SYS_ADMIN in the user namespace that owns it.
// On older kernels by way of OpenInPidNamespace.
absl::StatusOr<FilesystemContext> OpenProcfs(FdRef pid_namespace);

}  // namespace sysbox

#endif  // SYSBOX_LINUX_PROCFS_H_
