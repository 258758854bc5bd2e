// /dev/fuse as a channel: whole requests in, whole replies and notifications
// out (fuse(4), <linux/fuse.h>). Looks into neither.
#ifndef SYSBOX_LINUX_FUSE_DEVICE_H_
#define SYSBOX_LINUX_FUSE_DEVICE_H_

#include <sys/uio.h>

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/linux/fd.h"

namespace sysbox {

// Reads one request into `buffer`: its length, or 0 if the descriptor is
// non-blocking and none waits. The buffer must hold 8 KiB and the max_write
// that was agreed on plus 80 bytes, else EINVAL. ENODEV: the connection ended.
absl::StatusOr<size_t> ReadFuseRequest(FdRef device, absl::Span<char> buffer);

// Writes one reply, header included. ENOENT: the caller no longer waits.
absl::Status WriteFuseReply(FdRef device, absl::Span<const iovec> parts);
// An empty reply: `error_number` 0 or an errno below 512.
absl::Status WriteFuseError(FdRef device, uint64_t unique, int error_number);

// A notification, FUSE_NOTIFY_*, with its struct and what follows that.
absl::Status WriteFuseNotification(FdRef device, int code,
                                   std::string_view payload);
// FUSE_NOTIFY_RESEND (Linux 6.9, else EINVAL): what was read and not answered
// yet is to be read again, with the highest bit of `unique` set.
absl::Status ResendFuseRequests(FdRef device);

}  // namespace sysbox

#endif  // SYSBOX_LINUX_FUSE_DEVICE_H_
