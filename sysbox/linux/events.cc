#include "sysbox/linux/events.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <climits>

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"

namespace sysbox {
namespace {

// The kernel's own; glibc's SIGRTMIN leaves its two internal signals out.
constexpr int kMaxSignal = 64;
constexpr int kRealtimeMin = 34;  // as glibc, and so kill(1), counts
constexpr int kRealtimeMax = kMaxSignal;

struct SignalName {
  std::string_view name;
  int number;
};
constexpr SignalName kSignalNames[] = {
    {"ABRT", SIGABRT},  {"ALRM", SIGALRM},     {"BUS", SIGBUS},
    {"CHLD", SIGCHLD},  {"CLD", SIGCHLD},      {"CONT", SIGCONT},
    {"FPE", SIGFPE},    {"HUP", SIGHUP},       {"ILL", SIGILL},
    {"INT", SIGINT},    {"IO", SIGIO},         {"IOT", SIGIOT},
    {"KILL", SIGKILL},  {"PIPE", SIGPIPE},     {"POLL", SIGPOLL},
    {"PROF", SIGPROF},  {"PWR", SIGPWR},       {"QUIT", SIGQUIT},
    {"SEGV", SIGSEGV},  {"STKFLT", 16},        {"STOP", SIGSTOP},
    {"SYS", SIGSYS},    {"TERM", SIGTERM},     {"TRAP", SIGTRAP},
    {"TSTP", SIGTSTP},  {"TTIN", SIGTTIN},     {"TTOU", SIGTTOU},
    {"UNUSED", SIGSYS}, {"URG", SIGURG},       {"USR1", SIGUSR1},
    {"USR2", SIGUSR2},  {"VTALRM", SIGVTALRM}, {"WINCH", SIGWINCH},
    {"XCPU", SIGXCPU},  {"XFSZ", SIGXFSZ},
};

// What is left of a time-out when a signal interrupted the wait: stopping and
// continuing the process is enough for that.
class Timeout {
 public:
  explicit Timeout(int ms)
      : infinite_(ms < 0), end_(Clock::now() + std::chrono::milliseconds(ms)) {}

  int RemainingMs() const {
    if (infinite_) return -1;
    const int64_t left =
        std::chrono::ceil<std::chrono::milliseconds>(end_ - Clock::now())
            .count();
    return static_cast<int>(std::clamp<int64_t>(left, 0, INT_MAX));
  }

 private:
  using Clock = std::chrono::steady_clock;
  bool infinite_;
  Clock::time_point end_;
};

// epoll_wait(2), poll(2): `wait` takes milliseconds; repeated after EINTR.
template <typename F>
int WaitUninterrupted(int timeout_ms, F wait) {
  const Timeout timeout(timeout_ms);
  int count = wait(timeout_ms);
  while (count < 0 && errno == EINTR) count = wait(timeout.RemainingMs());
  return count;
}

absl::Status Control(FdRef epoll, int operation, FdRef fd, uint32_t events,
                     uint64_t key, std::string_view what) {
  epoll_event event = {};
  event.events = events;
  event.data.u64 = key;
  if (epoll_ctl(epoll.get(), operation, fd.get(), &event) != 0) {
    return ErrnoStatus(errno, what);
  }
  return absl::OkStatus();
}

// "RTMIN", "RTMIN+3", "RTMAX-1": the base and what follows it.
std::optional<int> RealtimeSignal(absl::string_view name) {
  std::optional<int> base;
  char sign = '\0';
  if (absl::ConsumePrefix(&name, "RTMIN")) {
    base = kRealtimeMin;
    sign = '+';
  } else if (absl::ConsumePrefix(&name, "RTMAX")) {
    base = kRealtimeMax;
    sign = '-';
  }
  if (!base || name.empty()) return base;
  if (name.front() != sign) return std::nullopt;
  const auto offset = ParseUint64(ToStd(name.substr(1)));
  if (!offset || *offset > kRealtimeMax - kRealtimeMin) return std::nullopt;
  const int distance = static_cast<int>(*offset);
  return sign == '+' ? *base + distance : *base - distance;
}

}  // namespace

absl::StatusOr<Epoll> Epoll::Create() {
  Fd fd(epoll_create1(EPOLL_CLOEXEC));
  if (!fd.valid()) return ErrnoStatus(errno, "epoll_create1");
  return Epoll(std::move(fd));
}

absl::Status Epoll::Add(FdRef fd, uint32_t events, uint64_t key) {
  return Control(fd_, EPOLL_CTL_ADD, fd, events, key, "epoll_ctl add");
}

absl::Status Epoll::Modify(FdRef fd, uint32_t events, uint64_t key) {
  return Control(fd_, EPOLL_CTL_MOD, fd, events, key, "epoll_ctl modify");
}

absl::Status Epoll::Remove(FdRef fd) {
  return Control(fd_, EPOLL_CTL_DEL, fd, 0, 0, "epoll_ctl delete");
}

absl::StatusOr<std::vector<ReadyEvent>> Epoll::Wait(int timeout_ms) {
  std::array<epoll_event, 64> events;
  const int count = WaitUninterrupted(timeout_ms, [&](int ms) {
    return epoll_wait(fd_.get(), events.data(), static_cast<int>(events.size()),
                      ms);
  });
  if (count < 0) return ErrnoStatus(errno, "epoll_wait");
  std::vector<ReadyEvent> ready;
  ready.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<size_t>(i)];
    ready.push_back({event.data.u64, event.events});
  }
  return ready;
}

absl::StatusOr<std::optional<ReadyEvent>> Epoll::WaitOne(int timeout_ms) {
  epoll_event event = {};
  const int count = WaitUninterrupted(
      timeout_ms, [&](int ms) { return epoll_wait(fd_.get(), &event, 1, ms); });
  if (count < 0) return ErrnoStatus(errno, "epoll_wait");
  if (count == 0) return std::nullopt;
  return ReadyEvent{event.data.u64, event.events};
}

absl::StatusOr<Fd> MakeSignalFd(absl::Span<const int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : signals) {
    if (sigaddset(&set, signal) != 0) {
      return InvalidArgument("signalfd: unknown signal {}", signal);
    }
  }
  const int error = pthread_sigmask(SIG_BLOCK, &set, nullptr);
  if (error != 0) return ErrnoStatus(error, "pthread_sigmask");
  Fd fd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.valid()) return ErrnoStatus(errno, "signalfd");
  return fd;
}

absl::StatusOr<SignalInfo> ReadSignal(FdRef signal_fd) {
  signalfd_siginfo info;
  const ssize_t size =
      TEMP_FAILURE_RETRY(read(signal_fd.get(), &info, sizeof info));
  if (size < 0) return ErrnoStatus(errno, "read signalfd");
  if (size != sizeof info) return Internal("read signalfd: {} bytes", size);
  return SignalInfo{static_cast<int>(info.ssi_signo),
                    static_cast<pid_t>(info.ssi_pid)};
}

absl::Status ResetSignals() {
  // The raw call, because glibc's refuses its two internal signals, which an
  // ancestor may have left ignored; the mask it clears below all the same.
  struct KernelSigaction {
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)();
    uint64_t mask;
  };
  const KernelSigaction action = {SIG_DFL, 0, nullptr, 0};
  for (int signal = 1; signal <= kMaxSignal; ++signal) {
    if (signal == SIGKILL || signal == SIGSTOP) continue;
    if (syscall(SYS_rt_sigaction, signal, &action, nullptr,
                sizeof action.mask) != 0) {
      const int error = errno;
      return ErrnoStatus(error, fmt::format("rt_sigaction {}", signal));
    }
  }
  const uint64_t none = 0;
  if (syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, sizeof none) !=
      0) {
    return ErrnoStatus(errno, "rt_sigprocmask");
  }
  return absl::OkStatus();
}

std::optional<int> SignalNumber(std::string_view name) {
  if (const auto number = ParseUint64(name)) {
    if (*number > kMaxSignal) return std::nullopt;
    return static_cast<int>(*number);
  }
  const std::string upper = absl::AsciiStrToUpper(ToAbsl(name));
  const absl::string_view bare = absl::StripPrefix(upper, "SIG");
  for (const SignalName& entry : kSignalNames) {
    if (entry.name == ToStd(bare)) return entry.number;
  }
  return RealtimeSignal(bare);
}

absl::StatusOr<Fd> MakeEventFd() {
  Fd fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!fd.valid()) return ErrnoStatus(errno, "eventfd");
  return fd;
}

absl::Status SignalEventFd(FdRef event_fd) {
  const uint64_t one = 1;
  // EAGAIN: the counter is full, so it is readable already.
  if (TEMP_FAILURE_RETRY(write(event_fd.get(), &one, sizeof one)) < 0 &&
      errno != EAGAIN) {
    return ErrnoStatus(errno, "write eventfd");
  }
  return absl::OkStatus();
}

absl::Status DrainEventFd(FdRef event_fd) {
  uint64_t count = 0;
  // EAGAIN: nothing to drain.
  if (TEMP_FAILURE_RETRY(read(event_fd.get(), &count, sizeof count)) < 0 &&
      errno != EAGAIN) {
    return ErrnoStatus(errno, "read eventfd");
  }
  return absl::OkStatus();
}

absl::StatusOr<Fd> MakeTimerFd() {
  Fd fd(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!fd.valid()) return ErrnoStatus(errno, "timerfd_create");
  return fd;
}

absl::Status ArmTimerFd(FdRef timer_fd, int milliseconds) {
  itimerspec when = {};
  when.it_value.tv_sec = milliseconds / 1000;
  when.it_value.tv_nsec = milliseconds % 1000 * 1000000L;
  if (milliseconds <= 0) when.it_value.tv_nsec = 1;  // 0 would disarm it
  if (timerfd_settime(timer_fd.get(), 0, &when, nullptr) != 0) {
    return ErrnoStatus(errno, "timerfd_settime");
  }
  return absl::OkStatus();
}

absl::Status DrainTimerFd(FdRef timer_fd) {
  uint64_t count = 0;
  // EAGAIN: nothing to drain.
  if (TEMP_FAILURE_RETRY(read(timer_fd.get(), &count, sizeof count)) < 0 &&
      errno != EAGAIN) {
    return ErrnoStatus(errno, "read timerfd");
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> WaitReadable(FdRef fd, int timeout_ms) {
  pollfd entry = {.fd = fd.get(), .events = POLLIN, .revents = 0};
  const int count = WaitUninterrupted(
      timeout_ms, [&](int ms) { return poll(&entry, 1, ms); });
  if (count < 0) return ErrnoStatus(errno, "poll");
  // A hang-up or an error counts: the read that follows reports it.
  if ((entry.revents & POLLNVAL) != 0) return ErrnoStatus(EBADF, "poll");
  return count > 0;
}

}  // namespace sysbox
