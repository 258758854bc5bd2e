#include "sysbox/keeper/keeper.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/keeper/descriptor_store.h"
#include "sysbox/keeper/lifeline.h"
#include "sysbox/keeper/restart_policy.h"
#include "sysbox/keeper/stragglers.h"
#include "sysbox/linux/dying_process.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/process.h"
#include "sysbox/linux/socket.h"

namespace sysbox::keeper {
namespace {

enum Key : uint64_t {
  kSignals,
  kMessages,
  kWorkerDying,
  kWorkerEnd,
  kStragglerEnd,
  kTimer,
};

// How long a worker that is dying may take before it is looked at, and again.
constexpr int kDyingMs = 100;

// A worker as its parent sees it.
struct Worker {
  OwnedChild process;
  Fd socket;
  Fd lifeline;
  absl::Time started = absl::Now();
  bool ready = false;
};

class Keeper {
 public:
  explicit Keeper(std::string notify_socket)
      : store_(std::move(notify_socket)) {}

  absl::Status Prepare(const ListenVariables& listen);
  // Forks. In the worker: its client. In the keeper: null.
  absl::StatusOr<std::unique_ptr<KeeperClient>> StartWorker();
  // Until the worker has ended and all it sent is done. One that has been
  // killed and that the kernel does not let go counts as ended.
  absl::StatusOr<RestartPolicy::Ended> AwaitEnd();
  // False: the daemon is to end.
  absl::StatusOr<bool> Pause(int milliseconds);
  bool stopping() const { return stopping_; }

 private:
  absl::StatusOr<std::unique_ptr<KeeperClient>> BecomeWorker(Fd socket,
                                                             Fd lifeline,
                                                             pid_t keeper);
  absl::Status Adopt(pid_t child, Fd socket, Fd lifeline);
  void OnSignal();
  void OnMessages();
  absl::Status OnDying();
  // True: the worker is a straggler.
  absl::StatusOr<bool> OnTimer();
  absl::StatusOr<RestartPolicy::Ended> EndOf(const ExitStatus& status);
  absl::Status LeaveBehind();
  void Handle(const KeeperMessage& message, std::vector<Fd> fds);

  DescriptorStore store_;
  std::optional<Epoll> epoll_;
  Fd signals_;
  Fd timer_;
  std::optional<Worker> worker_;
  Stragglers stragglers_;
  bool stopping_ = false;
};

absl::Status Keeper::Prepare(const ListenVariables& listen) {
  SYSBOX_RETURN_IF_ERROR(store_.Take(listen));
  SYSBOX_ASSIGN_OR_RETURN(signals_, MakeSignalFd({SIGTERM, SIGINT, SIGHUP}));
  SYSBOX_ASSIGN_OR_RETURN(timer_, MakeTimerFd());
  SYSBOX_ASSIGN_OR_RETURN(epoll_, Epoll::Create());
  SYSBOX_RETURN_IF_ERROR(epoll_->Add(signals_, EPOLLIN, kSignals));
  SYSBOX_RETURN_IF_ERROR(epoll_->Add(timer_, EPOLLIN, kTimer));
  return SetProcessName("sysbox[keeper]");
}

absl::StatusOr<std::unique_ptr<KeeperClient>> Keeper::StartWorker() {
  SYSBOX_ASSIGN_OR_RETURN(auto sockets, SocketPair(SocketKind::kSeqPacket));
  SYSBOX_ASSIGN_OR_RETURN(auto lifeline, SocketPair(SocketKind::kSeqPacket));
  const pid_t keeper = getpid();
  // glibc's own: the child is going to have threads.
  const pid_t child = fork();
  if (child < 0) return ErrnoStatus(errno, "fork the worker");
  if (child == 0) {
    sockets.first.Reset();
    lifeline.first.Reset();
    return BecomeWorker(std::move(sockets.second), std::move(lifeline.second),
                        keeper);
  }
  sockets.second.Reset();
  lifeline.second.Reset();
  SYSBOX_RETURN_IF_ERROR(
      Adopt(child, std::move(sockets.first), std::move(lifeline.first)));
  return nullptr;
}

// Leaves this object with nothing but numbers: the epoll is the keeper's.
absl::StatusOr<std::unique_ptr<KeeperClient>> Keeper::BecomeWorker(
    Fd socket, Fd lifeline, pid_t keeper) {
  stragglers_.Forget();
  auto client =
      std::make_unique<KeeperClient>(store_.Release(), std::move(socket));
  epoll_.reset();
  signals_.Reset();
  timer_.Reset();
  SYSBOX_RETURN_IF_ERROR(SetProcessName("sysbox[worker]"));
  SYSBOX_RETURN_IF_ERROR(SetParentDeathSignal(SIGKILL));
  if (getppid() != keeper) _exit(1);  // it died before that took effect
  SYSBOX_RETURN_IF_ERROR(ResetSignals());
  SYSBOX_RETURN_IF_ERROR(HoldLifeline(std::move(lifeline)));
  return client;
}

absl::Status Keeper::Adopt(pid_t child, Fd socket, Fd lifeline) {
  absl::StatusOr<Pidfd> pidfd = OpenPidfd(child);
  if (!pidfd.ok()) {
    (void)kill(child, SIGKILL);  // our own child: the pid is its
    return pidfd.status();
  }
  SYSBOX_ASSIGN_OR_RETURN(Fd fd, Duplicate(pidfd->fd()));
  worker_.emplace();
  worker_->process = OwnedChild(child, std::move(fd));
  worker_->socket = std::move(socket);
  worker_->lifeline = std::move(lifeline);
  SYSBOX_RETURN_IF_ERROR(SetNonBlocking(worker_->socket, true));
  SYSBOX_RETURN_IF_ERROR(epoll_->Add(worker_->socket, EPOLLIN, kMessages));
  SYSBOX_RETURN_IF_ERROR(epoll_->Add(worker_->lifeline, EPOLLIN, kWorkerDying));
  return epoll_->Add(worker_->process.pidfd().fd(), EPOLLIN, kWorkerEnd);
}

absl::StatusOr<RestartPolicy::Ended> Keeper::AwaitEnd() {
  for (;;) {
    SYSBOX_ASSIGN_OR_RETURN(const std::vector<ReadyEvent> events,
                            epoll_->Wait(-1));
    bool ended = false, straggles = false;
    for (const ReadyEvent& event : events) {
      if (event.key == kSignals) OnSignal();
      if (event.key == kMessages) OnMessages();
      if (event.key == kWorkerDying) SYSBOX_RETURN_IF_ERROR(OnDying());
      if (event.key == kWorkerEnd) ended = true;
      if (event.key == kStragglerEnd) stragglers_.Reap();
      if (event.key == kTimer) {
        SYSBOX_ASSIGN_OR_RETURN(straggles, OnTimer());
      }
    }
    if (ended) {
      SYSBOX_ASSIGN_OR_RETURN(const ExitStatus status, worker_->process.Wait());
      return EndOf(status);
    }
    if (straggles) {
      SYSBOX_RETURN_IF_ERROR(LeaveBehind());
      return EndOf({.code = 0, .signal = SIGKILL});  // nobody can tell
    }
  }
}

absl::StatusOr<RestartPolicy::Ended> Keeper::EndOf(const ExitStatus& status) {
  OnMessages();  // what it sent with its last breath
  const RestartPolicy::Ended ended = {
      .status = status,
      .was_ready = worker_->ready,
      .lived_ms = static_cast<int>(
          absl::ToInt64Milliseconds(absl::Now() - worker_->started)),
  };
  worker_.reset();
  return ended;
}

absl::Status Keeper::OnDying() {
  SYSBOX_RETURN_IF_ERROR(epoll_->Remove(worker_->lifeline));
  worker_->lifeline.Reset();
  return ArmTimerFd(timer_, kDyingMs);
}

absl::StatusOr<bool> Keeper::OnTimer() {
  SYSBOX_RETURN_IF_ERROR(DrainTimerFd(timer_));
  if (worker_->lifeline.valid()) return false;  // set for one before it
  const absl::StatusOr<bool> stuck = IsStuck(worker_->process.pid());
  if (stuck.ok() && *stuck && worker_->process.pidfd().Alive()) return true;
  SYSBOX_RETURN_IF_ERROR(ArmTimerFd(timer_, kDyingMs));
  return false;
}

absl::Status Keeper::LeaveBehind() {
  OwnedChild straggler = std::move(worker_->process);
  Log(LogLevel::kWarning,
      "keeper: worker {} was killed, and a container does not let it go",
      straggler.pid());
  SYSBOX_RETURN_IF_ERROR(epoll_->Remove(straggler.pidfd().fd()));
  SYSBOX_RETURN_IF_ERROR(
      epoll_->Add(straggler.pidfd().fd(), EPOLLIN, kStragglerEnd));
  stragglers_.Add(std::move(straggler));
  return absl::OkStatus();
}

absl::StatusOr<bool> Keeper::Pause(int milliseconds) {
  SYSBOX_RETURN_IF_ERROR(ArmTimerFd(timer_, milliseconds));
  for (bool over = false; !over && !stopping_;) {
    SYSBOX_ASSIGN_OR_RETURN(const std::vector<ReadyEvent> events,
                            epoll_->Wait(-1));
    for (const ReadyEvent& event : events) {
      if (event.key == kSignals) OnSignal();
      if (event.key == kStragglerEnd) stragglers_.Reap();
      if (event.key == kTimer) over = true;
    }
  }
  SYSBOX_RETURN_IF_ERROR(DrainTimerFd(timer_));
  return !stopping_;
}

void Keeper::OnSignal() {
  const absl::StatusOr<SignalInfo> signal = ReadSignal(signals_);
  if (!signal.ok()) return;
  if (signal->signal == SIGHUP) {
    using std::chrono::microseconds;
    const auto now = std::chrono::duration_cast<microseconds>(
        std::chrono::steady_clock::now().time_since_epoch());
    store_.Tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now.count()));
  } else {
    stopping_ = true;
    store_.Tell("STOPPING=1");
  }
  if (!worker_) return;
  // Gone already: the next event says so.
  (void)worker_->process.pidfd().Signal(signal->signal);
}

void Keeper::OnMessages() {
  for (;;) {
    absl::StatusOr<ReceivedMessage> message =
        ReceiveMessage(worker_->socket, kMaxKeeperMessage, 1);
    if (!message.ok() && ErrnoOf(message.status()) == EAGAIN) return;
    if (!message.ok() || message->end_of_file) {
      (void)epoll_->Remove(worker_->socket);
      // A closed end: it is ending. Unheard it would hang; the next one is not.
      if (!message.ok()) (void)worker_->process.pidfd().Signal(SIGKILL);
      return;
    }
    const absl::StatusOr<KeeperMessage> decoded =
        DecodeKeeperMessage(message->data);
    if (decoded.ok()) {
      Handle(*decoded, std::move(message->fds));
    } else {
      Log(LogLevel::kError, "keeper: {}", MessageOf(decoded.status()));
    }
  }
}

void Keeper::Handle(const KeeperMessage& message, std::vector<Fd> fds) {
  switch (message.kind) {
    case KeeperMessage::Kind::kHold:
      if (!fds.empty()) store_.Hold(message.name, std::move(fds.front()));
      break;
    case KeeperMessage::Kind::kDrop:
      store_.Drop(message.name);
      break;
    case KeeperMessage::Kind::kReady:
      worker_->ready = true;
      store_.Tell(stopping_ ? "STOPPING=1" : "READY=1");
      break;
  }
}

std::string Describe(const ExitStatus& status) {
  return status.signal != 0 ? fmt::format("signal {}", status.signal)
                            : fmt::format("exit code {}", status.code);
}

}  // namespace

absl::StatusOr<int> KeepWorker(
    const KeeperOptions& options,
    absl::FunctionRef<absl::StatusOr<int>(KeeperClient& keeper)> worker) {
  Keeper keeper(options.notify_socket);
  SYSBOX_RETURN_IF_ERROR(keeper.Prepare(options.listen));
  RestartPolicy policy;
  for (;;) {
    SYSBOX_ASSIGN_OR_RETURN(const std::unique_ptr<KeeperClient> client,
                            keeper.StartWorker());
    if (client != nullptr) return worker(*client);
    SYSBOX_ASSIGN_OR_RETURN(const RestartPolicy::Ended ended,
                            keeper.AwaitEnd());
    const std::optional<int> delay = policy.AfterEnd(ended);
    if (keeper.stopping()) return ended.status.code;
    if (!delay) return ended.status.ShellCode();
    Log(LogLevel::kError, "the worker ended after {} ms: {}; the next in {} ms",
        ended.lived_ms, Describe(ended.status), *delay);
    if (*delay == 0) continue;
    SYSBOX_ASSIGN_OR_RETURN(const bool go_on, keeper.Pause(*delay));
    if (!go_on) return 0;
  }
}

}  // namespace sysbox::keeper
