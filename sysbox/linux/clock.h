// The clocks that do not jump: clock_gettime(2). Nanoseconds.
#ifndef SYSBOX_LINUX_CLOCK_H_
#define SYSBOX_LINUX_CLOCK_H_

#include <cstdint>

namespace sysbox {

// Since the host's boot, suspension included, as /proc/uptime counts
// (CLOCK_BOOTTIME).
int64_t BoottimeNs();

}  // namespace sysbox

#endif  // SYSBOX_LINUX_CLOCK_H_
