#include "sysbox/linux/fuse_device.h"

#include <linux/fuse.h>
#include <unistd.h>

#include <cerrno>

#include "sysbox/base/status.h"
#include "sysbox/linux/syscall_status.h"

namespace sysbox {
namespace {

constexpr int kNotifyResend = 7;  // newer than Debian 12's <linux/fuse.h>

absl::Status WriteMessage(FdRef device, int error, uint64_t unique,
                          std::string_view payload, std::string_view what) {
  fuse_out_header header = {};
  header.len = static_cast<uint32_t>(sizeof header + payload.size());
  header.error = error;
  header.unique = unique;
  const iovec parts[] = {
      {&header, sizeof header},
      {const_cast<char*>(payload.data()), payload.size()},
  };
  return SyscallStatus(
      TEMP_FAILURE_RETRY(writev(device.get(), parts, payload.empty() ? 1 : 2)),
      what, "/dev/fuse");
}

}  // namespace

absl::StatusOr<size_t> ReadFuseRequest(FdRef device, absl::Span<char> buffer) {
  for (;;) {
    const ssize_t size = read(device.get(), buffer.data(), buffer.size());
    if (size >= 0) return static_cast<size_t>(size);
    const int error = errno;
    if (error == EAGAIN) return 0;
    // ENOENT: its caller was interrupted while it was being read.
    if (error != EINTR && error != ENOENT) {
      return ErrnoStatus(error, "read /dev/fuse");
    }
  }
}

absl::Status WriteFuseReply(FdRef device, absl::Span<const iovec> parts) {
  return SyscallStatus(
      TEMP_FAILURE_RETRY(
          writev(device.get(), parts.data(), static_cast<int>(parts.size()))),
      "write reply", "/dev/fuse");
}

absl::Status WriteFuseError(FdRef device, uint64_t unique, int error_number) {
  return WriteMessage(device, -error_number, unique, {}, "write error");
}

absl::Status WriteFuseNotification(FdRef device, int code,
                                   std::string_view payload) {
  return WriteMessage(device, code, 0, payload, "write notification");
}

absl::Status ResendFuseRequests(FdRef device) {
  return WriteFuseNotification(device, kNotifyResend, {});
}

}  // namespace sysbox
