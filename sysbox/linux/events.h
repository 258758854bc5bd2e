// Waiting: epoll(7), signalfd(2), eventfd(2), inotify(7), pidfds. No polling.
#ifndef SYSBOX_LINUX_EVENTS_H_
#define SYSBOX_LINUX_EVENTS_H_

#include <csignal>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/linux/fd.h"

namespace sysbox {

struct ReadyEvent {
  uint64_t key;     // as given to Add
  uint32_t events;  // EPOLL*
};

class Epoll {
 public:
  static absl::StatusOr<Epoll> Create();
  absl::Status Add(FdRef fd, uint32_t events, uint64_t key);
  absl::Status Modify(FdRef fd, uint32_t events, uint64_t key);
  absl::Status Remove(FdRef fd);
  // Blocks up to `timeout_ms` (-1: for ever); empty on time-out.
  absl::StatusOr<std::vector<ReadyEvent>> Wait(int timeout_ms);
  // One event at most, for several threads that share what is ready.
  absl::StatusOr<std::optional<ReadyEvent>> WaitOne(int timeout_ms);

 private:
  explicit Epoll(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

// Blocks `signals` in this thread and delivers them through the descriptor,
// which is non-blocking: ReadSignal's EAGAIN says that none is pending.
absl::StatusOr<Fd> MakeSignalFd(absl::Span<const int> signals);
struct SignalInfo {
  int signal;
  pid_t sender;
};
absl::StatusOr<SignalInfo> ReadSignal(FdRef signal_fd);
// Unblocks everything and restores every default disposition (before exec).
absl::Status ResetSignals();
// "SIGTERM", "TERM", "term", "15" → 15; nullopt if unknown. RTMIN+n and RTMAX-n
// included, and 0, which kill(2) takes as a question.
std::optional<int> SignalNumber(std::string_view name);

absl::StatusOr<Fd> MakeEventFd();  // non-blocking
absl::Status SignalEventFd(FdRef event_fd);
absl::Status DrainEventFd(FdRef event_fd);

// timerfd_create(2), monotonic, non-blocking, not armed. Readable once it has
// expired, until DrainTimerFd.
absl::StatusOr<Fd> MakeTimerFd();
// Once, in `milliseconds` (0: at once).
absl::Status ArmTimerFd(FdRef timer_fd, int milliseconds);
absl::Status DrainTimerFd(FdRef timer_fd);

// poll(2) of one descriptor for reading (-1: for ever); false on time-out. A
// hang-up counts as readable.
absl::StatusOr<bool> WaitReadable(FdRef fd, int timeout_ms);

}  // namespace sysbox

#endif  // SYSBOX_LINUX_EVENTS_H_
