// Whether a new procfs or sysfs would show its caller more than it sees now:
// the kernel's own rule for nested user namespaces (mount_too_revealing in
// fs/namespace.c), which we answer for when we mount in their place.
#ifndef SYSBOX_TRAP_FULL_VISIBILITY_H_
#define SYSBOX_TRAP_FULL_VISIBILITY_H_

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "sysbox/linux/fd.h"
#include "sysbox/trap/call.h"
#include "sysbox/trap/replicas.h"

namespace sysbox::trap {

// KernelsOwn if it would, and in any doubt. The new one is of `type`, with
// `replicas` over it; `mount_namespace` is the caller's. What hides something
// there is the caller's to move about, while we look, too.
absl::Status CheckNotRevealing(const TrappedCall& call, FdRef mount_namespace,
                               std::string_view type,
                               const std::vector<Replica>& replicas,
                               bool read_only);

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_FULL_VISIBILITY_H_
