// Tells the service manager how we are, and gives it descriptors to keep:
// sd_notify(3)'s and sd_pid_notify_with_fds(3)'s protocol.
#ifndef SYSBOX_LINUX_SERVICE_NOTIFY_H_
#define SYSBOX_LINUX_SERVICE_NOTIFY_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/linux/fd.h"

namespace sysbox {

// Sends `state`, such as "READY=1", to `socket`: the value of NOTIFY_SOCKET,
// a path or, with "@" in front, an abstract name. Nothing to do if empty.
// EAGAIN if the queue there is full, and nobody reads for two seconds.
absl::Status NotifyService(const std::string& socket, std::string_view state,
                           absl::Span<const FdRef> fds = {});

// The other end: a socket at `path`, for anybody to write to, that does not
// wait. EADDRINUSE if there is a file.
absl::StatusOr<Fd> ListenForNotices(const std::string& path);
// The next notice, as its lines come; descriptors that came along are closed.
// EAGAIN: none waits.
absl::StatusOr<std::string> ReadNotice(FdRef socket);

}  // namespace sysbox

#endif  // SYSBOX_LINUX_SERVICE_NOTIFY_H_
