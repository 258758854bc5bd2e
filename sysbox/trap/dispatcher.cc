#include "sysbox/trap/dispatcher.h"

#include <sys/epoll.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

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
#include "sysbox/trap/verdict.h"
#include "sysbox/trap/worker_threads.h"

namespace sysbox::trap {
namespace {

constexpr uint64_t kStopKey = 0;
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
        listeners_(epoll_, options.on_gone),
        threads_(options.max_threads) {}
  absl::Status Start();
  void Stop();
  absl::Status Serve(const Container& container, const std::string& name,
                     Fd listener);
  size_t listener_count() const { return listeners_.size(); }

 private:
  static absl::Status PrepareThread();
  void EnsureIdleThread();
  void Work(absl::Notification& apart);
  using News = seccomp::NotifyPort::News;
  bool AwaitAny(ListenerPtr& kept);
  bool AwaitKept(ListenerPtr& kept);
  News Linger(const Listener& listener);
  void OnReady(const ReadyEvent& event, ListenerPtr& kept);
  int MaxInFlight() const;
  void Serve(const ListenerPtr& listener, ListenerPtr& kept);
  bool ServeOne(const ListenerPtr& listener);
  void CarryOn(const ListenerPtr& listener);
  void CarryOnOne(const ListenerPtr& listener, const ReceivedCall& call);

  const DispatcherOptions options_;
  ReceivedCalls calls_;
  Epoll epoll_;
  const Fd stop_;
  Listeners listeners_;
  WorkerThreads threads_;
};

absl::Status Engine::Start() {
  SYSBOX_RETURN_IF_ERROR(threads_.Prepare());
  return epoll_.Add(stop_, EPOLLIN, kStopKey);
}

void Engine::Stop() {
  threads_.Stop();
  (void)SignalEventFd(stop_);  // full: it is readable already
  threads_.AwaitEnd(kPatience);
}

absl::Status Engine::Serve(const Container& container, const std::string& name,
                           Fd fd) {
  const ListenerPtr listener = listeners_.Add(container, name, std::move(fd));
  CarryOn(listener);
  EnsureIdleThread();
  if (threads_.count() != 0) return listeners_.Begin(listener);
  listeners_.Forget(listener->key);
  return ErrnoStatus(EAGAIN, "start a thread that answers");
}

// Threads are made by whoever leaves none idle, before it is anywhere but at
// home: a new thread starts where its maker is.
void Engine::EnsureIdleThread() {
  if (!threads_.AddIdle()) return;
  // Until it has a file-system context of its own it shares its maker's, and
  // the kernel lets neither visit another mount namespace.
  auto apart = std::make_shared<absl::Notification>();
  const absl::Status started = StartDetachedThread(
      [self = shared_from_this(), apart] { self->Work(*apart); });
  if (started.ok()) apart->WaitForNotification();
  // The host has no more: whoever is done first comes for all others.
  if (threads_.NoteStarted(started.ok())) return;
  Log(LogLevel::kWarning, "interception: {}", MessageOf(started));
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
  if (!more) (void)threads_.BecomeBusy();  // it ends either way
  while (more) more = kept == nullptr ? AwaitAny(kept) : AwaitKept(kept);
  threads_.End();
}

// One round of a thread that counts as idle. False: it is to end.
bool Engine::AwaitAny(ListenerPtr& kept) {
  absl::StatusOr<std::optional<ReadyEvent>> event = epoll_.WaitOne(-1);
  if (!threads_.BecomeBusy()) return false;
  if (!event.ok()) {
    Log(LogLevel::kError, "interception: {}", MessageOf(event.status()));
    return false;
  }
  if (event->has_value()) OnReady(**event, kept);
  return kept != nullptr || threads_.BecomeIdle();
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
  return kept != nullptr || threads_.BecomeIdle();
}

// A program that makes one such call makes several. Whoever waits for its
// listener directly is woken on the caller's CPU, and without a detour through
// epoll. One thread may, beside one that waits for all others; the newest.
Engine::News Engine::Linger(const Listener& listener) {
  // Who lingered, or else a new thread, waits for all others then.
  if (!threads_.CallLingererAway()) EnsureIdleThread();
  const WorkerThreads::Wake wake = threads_.StartLingering();
  if (wake == nullptr) return News::kOther;
  const News news = listener.port.Await(*wake);
  // A late signal makes the next who lingers look up once.
  if (news == News::kOther) (void)DrainEventFd(*wake);
  threads_.EndLingering(wake);
  return news;
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
  return threads_.count() <= options_.max_threads / 2 ? options_.max_in_flight
                                                      : 1;
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
  const Verdict verdict = calls_.Handle(*listener, call);
  // Before the caller goes on: its next call is to wake nobody else.
  const bool ours = !may_wait || listeners_.TakeBack(listener);
  calls_.Answer(*listener, call, verdict);
  return ours;
}

// What a predecessor had received when it died, each on a thread of its own:
// one may wait for another.
void Engine::CarryOn(const ListenerPtr& listener) {
  for (const ReceivedCall& call : calls_.LeftBehind(*listener)) {
    threads_.Add();
    const absl::Status started =
        StartDetachedThread([self = shared_from_this(), listener, call] {
          self->CarryOnOne(listener, call);
        });
    if (started.ok()) continue;
    calls_.GiveUp(*listener, call);
    threads_.End();
  }
}

void Engine::CarryOnOne(const ListenerPtr& listener, const ReceivedCall& call) {
  if (PrepareThread().ok()) {
    calls_.Answer(*listener, call, calls_.Handle(*listener, call));
  } else {
    calls_.GiveUp(*listener, call);
  }
  threads_.End();
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
