// mount(2) with MS_REMOUNT.
#ifndef SYSBOX_TRAP_REMOUNT_CALL_H_
#define SYSBOX_TRAP_REMOUNT_CALL_H_

#include <cstdint>

#include "absl/status/status.h"
#include "sysbox/trap/call.h"

namespace sysbox::trap {

// What lies over a procfs or sysfs follows it; all else is the kernel's. Of
// what lies below /proc/sys/net, which is there only in the network namespace
// it was put on in, a list of mounts speaks everywhere: bubblewrap, which goes
// through that list, finds it here, too.
absl::Status Remount(const TrappedCall& call, uint64_t flags);

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_REMOUNT_CALL_H_
