// Packets to an address and port that nobody is bound to, delivered to sockets
// of ours: a BPF_PROG_TYPE_SK_LOOKUP program on a network namespace (Linux
// 5.9). The port stays free for others, for whom nothing changes; neither
// address translation nor a firewall's tables take part.
#ifndef SYSBOX_LINUX_SOCKET_STEERING_H_
#define SYSBOX_LINUX_SOCKET_STEERING_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/inet_socket.h"

namespace sysbox {

// In effect for as long as the returned descriptor, or a duplicate, is open
// and the namespace exists. Both sockets are bound, in that namespace. What
// `udp` sends has its own port as the source, not `local`'s.
absl::StatusOr<Fd> SteerToSockets(FdRef network_namespace, InetEndpoint local,
                                  FdRef udp, FdRef tcp);
// Whether the kernel would.
absl::Status ProbeSocketSteering();

}  // namespace sysbox

#endif  // SYSBOX_LINUX_SOCKET_STEERING_H_
