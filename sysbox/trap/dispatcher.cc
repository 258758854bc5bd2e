#include "sysbox/trap/dispatcher.h"

#include <sys/epoll.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/detached_thread.h"
#include "sysbox/linux/events.h"
#include "sysbox/seccomp/notify_port.h"
#include "sysbox/trap/callers_place.h"
#include "sysbox/trap/listeners.h"
#include "sysbox/trap/received_calls.h"
#include "sysbox/trap/table.h"

namespace sysbox::trap {
namespace {

constexpr uint64_t kStopKey = 0;
constexpr int kIdleThreads = 2;
// One lingers; another may be on its way back to all listeners.
constexpr int kWakes = 2;
constexpr absl::Duration kPatience = absl::Seconds(2);

// What the threads share, and keep alive while one of them is held up by a
// container.
class Engine : public std::enable_shared_from_this<Engine> {
 public:
  Engine(std::shared_ptr<Host> host, const DispatcherOptions& options,
         Epoll epoll, Fd stop)
      : options_(options),
        calls_(std::move(host), options.journal),
        epoll_(std::move(epoll)),
        stop_(std::move(stop)),
        listeners_(epoll_, options.on_gone) {}
  absl::Status Start();
  void Stop();
  absl::Status Serve(const Container& container, const std::string& name,
                     Fd listener);
  size_t listener_count() const { return listeners_.size(); }

 private:
  bool HasThreads() const;

  static absl::Status PrepareThread();
  void Work(absl::Notification& apart);
  using Wake = std::shared_ptr<const Fd>;  // an eventfd
  using News = seccomp::NotifyPort::News;
  bool AwaitAny(ListenerPtr& kept);
  bool AwaitKept(ListenerPtr& kept);
  Wake StartLingering();
  News Linger(const Listener& listener);
  void CallLingererAway();
  void OnReady(const ReadyEvent& event, ListenerPtr& kept);
  int MaxInFlight() const;
  void Serve(const ListenerPtr& listener, ListenerPtr& kept);
  bool ServeOne(const ListenerPtr& listener);
  void CarryOn(const ListenerPtr& listener);
  void CarryOnOne(const ListenerPtr& listener, const ReceivedCall& call);
  void EndThread();
  void EnsureIdleThread();
  bool BecomeIdle();

  const DispatcherOptions options_;
  ReceivedCalls calls_;
  Epoll epoll_;
  const Fd stop_;
  Listeners listeners_;
  mutable absl::Mutex mu_;
  // Those that wait for any listener, and all there are.
  int idle_ ABSL_GUARDED_BY(mu_) = 0;
  size_t threads_ ABSL_GUARDED_BY(mu_) = 0;
  // Of the one that waits for the listener it has served last, if there is one.
  Wake lingerer_ ABSL_GUARDED_BY(mu_);
  std::vector<Wake> wakes_ ABSL_GUARDED_BY(mu_);  // nobody's
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  bool short_of_threads_ ABSL_GUARDED_BY(mu_) = false;  // and has said so
};

void Engine::Stop() {
  absl::MutexLock lock(&mu_);
  stopping_ = true;
  (void)SignalEventFd(stop_);  // full: it is readable already
  if (lingerer_ != nullptr) (void)SignalEventFd(*lingerer_);  // likewise
  const auto all_gone = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return threads_ == 0;
  };
  mu_.AwaitWithTimeout(absl::Condition(&all_gone), kPatience);
}

absl::Status Engine::Start() {
  absl::MutexLock lock(&mu_);
  for (int i = 0; i < kWakes; ++i) {
    SYSBOX_ASSIGN_OR_RETURN(Fd event, MakeEventFd());
    wakes_.push_back(std::make_shared<const Fd>(std::move(event)));
  }
  return epoll_.Add(stop_, EPOLLIN, kStopKey);
}

absl::Status Engine::Serve(const Container& container, const std::string& name,
                           Fd fd) {
  const ListenerPtr listener = listeners_.Add(container, name, std::move(fd));
  CarryOn(listener);
  EnsureIdleThread();
  if (HasThreads()) return listeners_.Begin(listener);
  listeners_.Forget(listener->key);
  return ErrnoStatus(EAGAIN, "start a thread that answers");
}

bool Engine::HasThreads() const {
  absl::MutexLock lock(&mu_);
  return threads_ != 0;
}

// Threads are made by whoever leaves none idle, before it is anywhere but at
// home: a new thread starts where its maker is.
void Engine::EnsureIdleThread() {
  {
    absl::MutexLock lock(&mu_);
    if (idle_ > 0 || stopping_ || threads_ >= options_.max_threads) return;
    ++threads_;
    ++idle_;
  }
  // Until it has a file-system context of its own it shares its maker's, and
  // the kernel lets neither visit another mount namespace.
  auto apart = std::make_shared<absl::Notification>();
  const absl::Status started = StartDetachedThread(
      [self = shared_from_this(), apart] { self->Work(*apart); });
  if (started.ok()) apart->WaitForNotification();
  absl::MutexLock lock(&mu_);
  const bool were_short = std::exchange(short_of_threads_, !started.ok());
  if (started.ok()) return;
  // The host has no more: whoever is done first comes for all others.
  --threads_;
  --idle_;
  if (were_short) return;
  Log(LogLevel::kWarning, "interception: {}", MessageOf(started));
}

// False: there are enough of us.
bool Engine::BecomeIdle() {
  absl::MutexLock lock(&mu_);
  const int waiting = idle_ + (lingerer_ != nullptr ? 1 : 0);
  if (stopping_ || (idle_ > 0 && waiting >= kIdleThreads)) return false;
  ++idle_;
  return true;
}

absl::Status Engine::PrepareThread() {
  sigset_t all;
  sigfillset(&all);
  (void)pthread_sigmask(SIG_BLOCK, &all, nullptr);
  absl::Status prepared = PrepareWorkerThread();
  if (!prepared.ok()) {
    Log(LogLevel::kError, "interception: {}", MessageOf(prepared));
  }
  return prepared;
}

void Engine::Work(absl::Notification& apart) {
  const absl::Status prepared = PrepareThread();
  apart.Notify();
  ListenerPtr kept;  // what it has served last, and has not let go of
  bool more = prepared.ok();
  while (more) more = kept == nullptr ? AwaitAny(kept) : AwaitKept(kept);
  absl::MutexLock lock(&mu_);
  if (!prepared.ok()) --idle_;
  --threads_;
}

// One round of a thread that counts as idle. False: it is to end.
bool Engine::AwaitAny(ListenerPtr& kept) {
  absl::StatusOr<std::optional<ReadyEvent>> event = epoll_.WaitOne(-1);
  {
    absl::MutexLock lock(&mu_);
    --idle_;
    if (stopping_) return false;
  }
  if (!event.ok()) {
    Log(LogLevel::kError, "interception: {}", MessageOf(event.status()));
    return false;
  }
  if (event->has_value()) OnReady(**event, kept);
  return kept != nullptr || BecomeIdle();
}

// One round of a thread that has a listener.
bool Engine::AwaitKept(ListenerPtr& kept) {
  const ListenerPtr listener = std::move(kept);
  kept = nullptr;
  switch (Linger(*listener)) {
    case News::kCall:
      Serve(listener, kept);
      break;
    case News::kGone:
      listeners_.Forget(listener->key);
      break;
    case News::kOther:
      listeners_.Arm(listener);
      break;
  }
  return kept != nullptr || BecomeIdle();
}

// A program that makes one such call makes several. Whoever waits for its
// listener directly is woken on the caller's CPU, and without a detour through
// epoll. One thread may, beside one that waits for all others; the newest.
Engine::News Engine::Linger(const Listener& listener) {
  CallLingererAway();
  const Wake wake = StartLingering();
  if (wake == nullptr) return News::kOther;
  const News news = listener.port.Await(*wake);
  // A late signal makes the next who lingers look up once.
  if (news == News::kOther) (void)DrainEventFd(*wake);
  absl::MutexLock lock(&mu_);
  if (lingerer_ == wake) lingerer_ = nullptr;
  wakes_.push_back(wake);
  return news;
}

// Null: not now.
Engine::Wake Engine::StartLingering() {
  absl::MutexLock lock(&mu_);
  if (wakes_.empty() || lingerer_ != nullptr || idle_ == 0 || stopping_) {
    return nullptr;
  }
  lingerer_ = std::move(wakes_.back());
  wakes_.pop_back();
  return lingerer_;
}

// It, or else a new thread, waits for all others then.
void Engine::CallLingererAway() {
  Wake lingerer;
  {
    absl::MutexLock lock(&mu_);
    lingerer.swap(lingerer_);
  }
  if (lingerer == nullptr) return EnsureIdleThread();
  (void)SignalEventFd(*lingerer);  // full: it is readable already
}

void Engine::OnReady(const ReadyEvent& event, ListenerPtr& kept) {
  const ListenerPtr listener = listeners_.Take(event.key);
  if (listener == nullptr) return;
  if ((event.events & EPOLLIN) == 0) {  // EPOLLHUP: the last process has gone
    listeners_.Forget(event.key);
    return;
  }
  Serve(listener, kept);
}

// Few containers may have many calls that wait, or many a few: there are
// threads left for those that have none.
int Engine::MaxInFlight() const {
  absl::MutexLock lock(&mu_);
  return threads_ <= options_.max_threads / 2 ? options_.max_in_flight : 1;
}

void Engine::Serve(const ListenerPtr& listener, ListenerPtr& kept) {
  if (!listeners_.Enter(listener, MaxInFlight())) return;
  if (ServeOne(listener)) kept = listener;
  listeners_.Leave(listener);
}

// Whether the listener is still ours.
bool Engine::ServeOne(const ListenerPtr& listener) {
  const auto received = calls_.Receive(*listener);
  if (!received.ok()) {
    Log(LogLevel::kError, "interception of {}: {}", listener->container().id,
        MessageOf(received.status()));
    listeners_.Forget(listener->key);
    return false;
  }
  if (!received->has_value()) return true;
  const ReceivedCall& call = **received;
  const TableRow* row = FindRow(call.call.arch, call.call.number);
  const bool may_wait = row != nullptr && row->may_wait;
  // Any call may last: the caller's memory may be locked by a fork of its own.
  EnsureIdleThread();
  if (may_wait) listeners_.Arm(listener);
  calls_.Complete(*listener, call);
  return !may_wait || listeners_.TakeBack(listener);
}

// What a predecessor had received when it died, each on a thread of its own:
// one may wait for another.
void Engine::CarryOn(const ListenerPtr& listener) {
  for (const ReceivedCall& call : calls_.LeftBehind(*listener)) {
    {
      absl::MutexLock lock(&mu_);
      ++threads_;
    }
    const absl::Status started =
        StartDetachedThread([self = shared_from_this(), listener, call] {
          self->CarryOnOne(listener, call);
        });
    if (started.ok()) continue;
    calls_.GiveUp(*listener, call);
    EndThread();
  }
}

void Engine::CarryOnOne(const ListenerPtr& listener, const ReceivedCall& call) {
  if (PrepareThread().ok()) {
    calls_.Complete(*listener, call);
  } else {
    calls_.GiveUp(*listener, call);
  }
  EndThread();
}

void Engine::EndThread() {
  absl::MutexLock lock(&mu_);
  --threads_;
}

class EngineDispatcher : public Dispatcher {
 public:
  explicit EngineDispatcher(std::shared_ptr<Engine> engine)
      : engine_(std::move(engine)) {}
  ~EngineDispatcher() override { engine_->Stop(); }
  absl::Status Serve(const Container& container, const std::string& name,
                     Fd listener) override {
    return engine_->Serve(container, name, std::move(listener));
  }
  size_t listener_count() const override { return engine_->listener_count(); }

 private:
  const std::shared_ptr<Engine> engine_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Dispatcher>> Dispatcher::Create(
    std::shared_ptr<Host> host, const DispatcherOptions& options) {
  SYSBOX_RETURN_IF_ERROR(PrepareHome());
  SYSBOX_ASSIGN_OR_RETURN(Epoll epoll, Epoll::Create());
  SYSBOX_ASSIGN_OR_RETURN(Fd stop, MakeEventFd());
  auto engine = std::make_shared<Engine>(std::move(host), options,
                                         std::move(epoll), std::move(stop));
  SYSBOX_RETURN_IF_ERROR(engine->Start());
  return std::make_unique<EngineDispatcher>(std::move(engine));
}

}  // namespace sysbox::trap
