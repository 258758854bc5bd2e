// Unix sockets that carry descriptors: unix(7), SCM_RIGHTS, SO_PEERCRED.
#ifndef SYSBOX_LINUX_SOCKET_H_
#define SYSBOX_LINUX_SOCKET_H_

#include <sys/types.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/linux/fd.h"

namespace sysbox {

enum class SocketKind { kSeqPacket, kStream };

absl::StatusOr<std::pair<Fd, Fd>> SocketPair(SocketKind kind);
// Binds with mode `mode` (umask-proof) and listens. A stale socket file is
// replaced; one that somebody serves, and any other file, is EADDRINUSE. Two
// processes replacing one stale socket at once need a lock of their own.
absl::StatusOr<Fd> ListenUnix(SocketKind kind, const std::string& path,
                              mode_t mode);
// Paths beyond sun_path's 107 bytes go through /proc/self/fd/N, as runc's
// console sockets need; so do ListenUnix's, up to the last component.
absl::StatusOr<Fd> ConnectUnix(SocketKind kind, const std::string& path);
// nullopt-free accept4(2); EAGAIN surfaces in the status.
absl::StatusOr<Fd> Accept(FdRef listener);

struct PeerCredentials {
  pid_t pid;
  uid_t uid;
  gid_t gid;
};
absl::StatusOr<PeerCredentials> CredentialsOf(FdRef socket);

// One message with descriptors (at most 253, SCM_MAX_FD), not empty: that
// would read as the end. All or nothing; never raises SIGPIPE. EAGAIN from a
// non-blocking socket means nothing was sent.
absl::Status SendMessage(FdRef socket, std::string_view data,
                         absl::Span<const FdRef> fds);

struct ReceivedMessage {
  std::string data;     // empty: the peer closed
  std::vector<Fd> fds;  // close-on-exec
  bool end_of_file = false;
};
// At most `max_size` bytes and `max_fds` descriptors; a larger message is an
// error (MSG_TRUNC, MSG_CTRUNC) and its descriptors are closed.
absl::StatusOr<ReceivedMessage> ReceiveMessage(FdRef socket, size_t max_size,
                                               size_t max_fds);

}  // namespace sysbox

#endif  // SYSBOX_LINUX_SOCKET_H_
