#include "sysbox/runtime/foreground.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <utility>
#include <vector>

#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/events.h"
#include "sysbox/runtime/stop_signal.h"
#include "sysbox/runtime/terminal_relay.h"

namespace sysbox::runtime {
namespace {

enum Key : uint64_t { kSignals, kNotices, kRelay };

// Not to be blocked: faults of our own, what cannot be caught, and the two
// that glibc keeps for itself.
constexpr std::array<int, 11> kOurOwn = {SIGSEGV, SIGBUS, SIGFPE,  SIGILL,
                                         SIGTRAP, SIGSYS, SIGABRT, SIGKILL,
                                         SIGSTOP, 32,     33};

std::vector<int> TakenSignals() {
  std::vector<int> signals;
  for (int signal = 1; signal <= SIGRTMAX; ++signal) {
    bool ours = false;
    for (int own : kOurOwn) ours = ours || signal == own;
    if (!ours) signals.push_back(signal);
  }
  return signals;
}

// Reaps whatever has ended; the status of `process` if it is among it.
absl::StatusOr<std::optional<ExitStatus>> Reap(OwnedChild& process) {
  for (;;) {
    SYSBOX_ASSIGN_OR_RETURN(std::optional<ReapedChild> child,
                            ReapAnyChild(/*block=*/false));
    if (!child.has_value()) return std::nullopt;
    if (child->pid != process.pid()) continue;
    process.Release();  // the pid may be another process's from now on
    return child->status;
  }
}

absl::Status Forward(int signal, const OwnedChild& process) {
  // SIGPIPE is about our own output.
  if (signal == SIGPIPE) return absl::OkStatus();
  absl::Status status = SignalInit(process.pidfd(), signal);
  // It has just ended; SIGCHLD tells.
  return ErrnoOf(status) == ESRCH ? absl::OkStatus() : status;
}

absl::StatusOr<std::optional<ExitStatus>> TakeSignals(FdRef signals,
                                                      OwnedChild& process,
                                                      TerminalRelay* relay) {
  for (;;) {
    absl::StatusOr<SignalInfo> info = ReadSignal(signals);
    if (!info.ok()) {
      if (ErrnoOf(info.status()) == EAGAIN) return std::nullopt;
      return info.status();
    }
    if (info->signal == SIGCHLD) {
      SYSBOX_ASSIGN_OR_RETURN(std::optional<ExitStatus> status, Reap(process));
      if (status.has_value()) return status;
    } else if (info->signal == SIGWINCH && relay != nullptr) {
      relay->FollowSize();
    } else {
      SYSBOX_RETURN_IF_ERROR(Forward(info->signal, process));
    }
  }
}

// The main process of the service is us. A service manager that does not hear
// it is no reason to end the container.
void PassOn(NotifyRelay& notices, Epoll& epoll) {
  const absl::StatusOr<bool> told = notices.PassOn(0);
  if (!told.ok()) Log(LogLevel::kWarning, "{}", MessageOf(told.status()));
  if (told.value_or(true)) (void)epoll.Remove(notices.fd());  // it is in there
}

absl::StatusOr<ExitStatus> Loop(Epoll& epoll, FdRef signals,
                                OwnedChild& process, TerminalRelay* relay,
                                NotifyRelay& notices) {
  // Its SIGCHLD may have been merged into one that somebody else took.
  SYSBOX_ASSIGN_OR_RETURN(std::optional<ExitStatus> status, Reap(process));
  while (!status.has_value()) {
    SYSBOX_ASSIGN_OR_RETURN(std::vector<ReadyEvent> ready, epoll.Wait(-1));
    for (const ReadyEvent& event : ready) {
      if (event.key == kNotices) {
        PassOn(notices, epoll);
        continue;
      }
      if (event.key != kSignals) {
        SYSBOX_RETURN_IF_ERROR(relay->OnEvent(event), "terminal");
        continue;
      }
      SYSBOX_ASSIGN_OR_RETURN(status, TakeSignals(signals, process, relay));
      if (status.has_value()) break;
    }
  }
  return *status;
}

}  // namespace

absl::StatusOr<Foreground> Foreground::Prepare(bool subreaper) {
  if (subreaper) SYSBOX_RETURN_IF_ERROR(SetChildSubreaper(true));
  SYSBOX_ASSIGN_OR_RETURN(Fd signals, MakeSignalFd(TakenSignals()));
  return Foreground(std::move(signals));
}

absl::StatusOr<ExitStatus> Foreground::Await(OwnedChild process,
                                             Fd terminal_master,
                                             NotifyRelay notices) {
  SYSBOX_ASSIGN_OR_RETURN(Epoll epoll, Epoll::Create());
  SYSBOX_RETURN_IF_ERROR(epoll.Add(signals_, EPOLLIN, kSignals));
  if (notices.valid()) {
    SYSBOX_RETURN_IF_ERROR(epoll.Add(notices.fd(), EPOLLIN, kNotices));
  }
  std::optional<TerminalRelay> relay;
  if (terminal_master.valid()) {
    relay.emplace(std::move(terminal_master), FdRef(STDIN_FILENO),
                  FdRef(STDOUT_FILENO), epoll, kRelay);
    SYSBOX_RETURN_IF_ERROR(relay->Start(), "terminal");
  }
  SYSBOX_ASSIGN_OR_RETURN(ExitStatus status,
                          Loop(epoll, signals_, process,
                               relay.has_value() ? &*relay : nullptr, notices));
  if (relay.has_value()) SYSBOX_RETURN_IF_ERROR(relay->Drain());
  return status;
}

}  // namespace sysbox::runtime
