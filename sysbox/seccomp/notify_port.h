// The listener of a seccomp filter: receives the calls it traps and answers
// them. seccomp_unotify(2). Knows no call by name and decides nothing.
#ifndef SYSBOX_SECCOMP_NOTIFY_PORT_H_
#define SYSBOX_SECCOMP_NOTIFY_PORT_H_

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"

namespace sysbox::seccomp {

// A trapped call, as the kernel copied it: registers, never memory.
struct Notification {
  uint64_t id = 0;    // of this call alone, never used again by this port
  pid_t tid = 0;      // the calling thread; 0 if our pid namespace lacks it
  uint32_t arch = 0;  // AUDIT_ARCH_*
  int number = 0;     // in that ABI
  std::array<uint64_t, 6> args = {};
};

// Room for a notification as the kernel writes it, with some to grow.
inline constexpr size_t kNotificationBytes = 128;
// What the kernel wrote there.
Notification DecodeNotification(const void* bytes);

// Thread-safe: the kernel is. A caller that has died or was interrupted since
// needs no answer, so answering it is OK.
class NotifyPort {
 public:
  NotifyPort() = default;
  explicit NotifyPort(Fd listener) : listener_(std::move(listener)) {}
  bool valid() const { return listener_.valid(); }
  // EPOLLIN: Receive will not block if nobody else receives meanwhile.
  // EPOLLHUP: no process has the filter any more.
  FdRef fd() const { return listener_; }

  // The caller is woken, and we by it, on the CPU at hand (Linux 6.6,
  // performance.md 9). Without it all is well but slower.
  absl::Status PreferOneCpu();

  // As fd() above; kOther: `other` is readable before that.
  enum class News { kCall, kGone, kOther };
  News Await(FdRef other) const;

  // Blocks. nullopt: the caller was gone before we came.
  absl::StatusOr<std::optional<Notification>> Receive();
  // Likewise, through `bytes`: kNotificationBytes of zeros, aligned to 8. When
  // the kernel counts the call as received, they hold it, whatever becomes of
  // this process. They stay zeros if there is none.
  absl::StatusOr<std::optional<Notification>> Receive(void* bytes);
  // Whether `id`'s caller still waits. What was opened by its thread id before
  // a true answer is the caller's, not a successor's.
  bool Waits(uint64_t id) const;

  absl::Status Return(uint64_t id, int64_t value);
  absl::Status Fail(uint64_t id, int error);
  // The kernel carries the call out, with whatever its arguments' memory holds
  // by then: never after a decision that matters (seccomp_unotify(2)).
  absl::Status Continue(uint64_t id);
  // The call returns a new descriptor of `file` (Linux 5.14).
  absl::Status ReturnFd(uint64_t id, FdRef file, bool close_on_exec);

 private:
  absl::Status Send(uint64_t id, int64_t value, int error, uint32_t flags);
  Fd listener_;
};

}  // namespace sysbox::seccomp

#endif  // SYSBOX_SECCOMP_NOTIFY_PORT_H_
