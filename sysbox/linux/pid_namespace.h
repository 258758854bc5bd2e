// Pid namespaces seen from outside, and for a moment from inside:
// ioctl_nsfs(2), pid_namespaces(7).
#ifndef SYSBOX_LINUX_PID_NAMESPACE_H_
#define SYSBOX_LINUX_PID_NAMESPACE_H_

#include <sys/types.h>

#include <cstddef>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/linux/fd.h"

namespace sysbox {

// The namespace's process 1 as the caller's pid namespace numbers it. ESRCH
// when it has none (any more), ENOTTY before Linux 6.11.
absl::StatusOr<pid_t> InitOfPidNamespace(FdRef ns);

// Thread `tid` of `ns` as the caller's pid namespace numbers it. ESRCH, ENOTTY
// as above.
absl::StatusOr<pid_t> ThreadInPidNamespace(FdRef ns, pid_t tid);

inline constexpr size_t kMostOpenedThere = 128;
// Opens what only a process of `pid_namespace` can: `open` is called in one
// that lives there that long. It sets what it opened of the `count` descriptors
// and returns 0, or an errno: those it did not set come back invalid. The
// process has the calling thread's other namespaces, a copy of its descriptors,
// and shares its memory; it may be killed with its pid namespace at any moment
// (EIO), so `open` takes no lock and allocates nothing: system calls only. All
// signals must be blocked, and no other namespace for children be chosen.
// ENOMEM from a pid namespace that has no process any more.
absl::StatusOr<std::vector<Fd>> OpenInPidNamespace(
    FdRef pid_namespace, size_t count,
    absl::FunctionRef<int(absl::Span<int> fds)> open);

}  // namespace sysbox

#endif  // SYSBOX_LINUX_PID_NAMESPACE_H_
