// The little of networking that a new network namespace needs: netdevice(7).
#ifndef SYSBOX_LINUX_NETWORK_H_
#define SYSBOX_LINUX_NETWORK_H_

#include "absl/status/status.h"

namespace sysbox {

// Sets IFF_UP on "lo" of the calling thread's network namespace.
absl::Status BringUpLoopback();

}  // namespace sysbox

#endif  // SYSBOX_LINUX_NETWORK_H_
