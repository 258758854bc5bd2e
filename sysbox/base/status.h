// Errors as absl::Status that remember the exact errno, and the two macros
// that pass them up with context. Text is lower case, "verb object", no full
// stop; context is put in front: `rootfs: mount proc on /proc: <kernel text>`.
// Does not log and never aborts.
#ifndef SYSBOX_BASE_STATUS_H_
#define SYSBOX_BASE_STATUS_H_

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"

namespace sysbox {

// "<what>: <strerror(error_number)>" with `error_number` as payload. The code
// is absl::ErrnoToStatusCode's; it folds several errnos, ErrnoOf does not.
absl::Status ErrnoStatus(int error_number, std::string_view what);

// The errno that caused `status`: the payload of ErrnoStatus, however often
// it was annotated since. 0 for OK and for errors that never had one.
int ErrnoOf(const absl::Status& status);

// A status that crossed a process border as its three parts: absl code, errno
// (0: none) and message. An OK code makes an Internal error of it.
absl::Status RestoreStatus(int code, int error_number,
                           std::string_view message);

// `status` with "<context>: " in front of its message; payloads are kept.
// OK and an empty context change nothing.
absl::Status Annotate(const absl::Status& status, std::string_view context);

// The message as a std::string_view (Debian's absl::string_view is a type of
// its own). Lives as long as `status`.
std::string_view MessageOf(const absl::Status& status);

// Formats an error: InvalidArgument("{}: unknown value \"{}\"", field, value).
template <typename... Args>
absl::Status InvalidArgument(fmt::format_string<Args...> format,
                             Args&&... args) {
  return absl::InvalidArgumentError(
      fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
absl::Status NotFound(fmt::format_string<Args...> format, Args&&... args) {
  return absl::NotFoundError(fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
absl::Status FailedPrecondition(fmt::format_string<Args...> format,
                                Args&&... args) {
  return absl::FailedPreconditionError(
      fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
absl::Status Internal(fmt::format_string<Args...> format, Args&&... args) {
  return absl::InternalError(fmt::format(format, std::forward<Args>(args)...));
}

namespace internal {
inline const absl::Status& StatusOf(const absl::Status& status) {
  return status;
}
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}
inline absl::Status Context(const absl::Status& status) { return status; }
template <typename... Args>
absl::Status Context(const absl::Status& status,
                     fmt::format_string<Args...> format, Args&&... args) {
  return Annotate(status, fmt::format(format, std::forward<Args>(args)...));
}
}  // namespace internal

}  // namespace sysbox

#define SYSBOX_STATUS_CONCAT_(a, b) a##b
#define SYSBOX_STATUS_NAME_(a, b) SYSBOX_STATUS_CONCAT_(a, b)

// SYSBOX_RETURN_IF_ERROR(expr);
// SYSBOX_RETURN_IF_ERROR(expr, "mount {} on {}", source, target);
// The context is formatted only when there is an error.
#define SYSBOX_RETURN_IF_ERROR(expr, ...)                              \
  do {                                                                 \
    if (const auto& sysbox_status_ = (expr); !sysbox_status_.ok()) {   \
      return ::sysbox::internal::Context(::sysbox::internal::StatusOf( \
          sysbox_status_) __VA_OPT__(, ) __VA_ARGS__);                 \
    }                                                                  \
  } while (false)

// SYSBOX_ASSIGN_OR_RETURN(Fd fd, OpenAt(dir, name), "open {}", name);
#define SYSBOX_ASSIGN_OR_RETURN(lhs, expr, ...)                            \
  SYSBOX_ASSIGN_OR_RETURN_(SYSBOX_STATUS_NAME_(sysbox_or_, __LINE__), lhs, \
                           expr __VA_OPT__(, ) __VA_ARGS__)
#define SYSBOX_ASSIGN_OR_RETURN_(result, lhs, expr, ...)              \
  auto result = (expr);                                               \
  if (!result.ok()) {                                                 \
    return ::sysbox::internal::Context(result.status() __VA_OPT__(, ) \
                                           __VA_ARGS__);              \
  }                                                                   \
  lhs = *std::move(result)

#endif  // SYSBOX_BASE_STATUS_H_
