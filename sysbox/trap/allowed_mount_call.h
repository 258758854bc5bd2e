// mount(2) of a file system that only the host's root could mount, where the
// administrator lets containers: done by us, for the container's own root.
#ifndef SYSBOX_TRAP_ALLOWED_MOUNT_CALL_H_
#define SYSBOX_TRAP_ALLOWED_MOUNT_CALL_H_

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "sysbox/trap/call.h"

namespace sysbox::trap {

// A new mount of `type`, which Host::AllowsMount.
absl::Status MountAllowed(const TrappedCall& call, std::string_view type,
                          uint64_t flags);

// fsopen(2) of such a type is not there (ENOSYS), which has mount(8) use
// mount(2); other types are the kernel's.
Verdict FsOpen(const TrappedCall& call);

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_ALLOWED_MOUNT_CALL_H_
