// The status of a system call. Only for this package.
#ifndef SYSBOX_LINUX_SYSCALL_STATUS_H_
#define SYSBOX_LINUX_SYSCALL_STATUS_H_

#include <cerrno>
#include <string_view>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"

namespace sysbox {

// OK, or "<call> <object>: <errno's text>"; `object` may be empty. The call
// itself is written as the first argument, so that nothing comes between it and
// reading errno.
inline absl::Status SyscallStatus(long result, std::string_view call,
                                  std::string_view object = {}) {
  if (result >= 0) return absl::OkStatus();
  const int error = errno;
  if (object.empty()) return ErrnoStatus(error, call);
  return ErrnoStatus(error, fmt::format("{} {}", call, object));
}

}  // namespace sysbox

#endif  // SYSBOX_LINUX_SYSCALL_STATUS_H_
