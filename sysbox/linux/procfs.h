// A new procfs for another pid namespace than one's own. Linux 6.18 has an
// option for that; before, a procfs is of the pid namespace of the process
// that makes it.
#ifndef SYSBOX_LINUX_PROCFS_H_
#define SYSBOX_LINUX_PROCFS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/mount.h"

namespace sysbox {

// A detached procfs of `pid_namespace`, which must be the caller's or below it;
// mountinfo says it is from `source`, or from "none" if that is empty. Needs
// CAP_SYS_ADMIN in the user namespace that owns it. On older kernels by way of
// OpenInPidNamespace.
absl::StatusOr<DetachedMount> NewProcfs(
    FdRef pid_namespace, const std::string& source,
    const std::vector<FilesystemOption>& options, uint64_t attributes);

}  // namespace sysbox

#endif  // SYSBOX_LINUX_PROCFS_H_
