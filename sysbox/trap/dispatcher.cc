#include "sysbox/trap/dispatcher.h"

#include <sys/epoll.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/events.h"
#include "sysbox/seccomp/notify_port.h"
#include "sysbox/trap/answer.h"
#include "sysbox/trap/callers_place.h"
#include "sysbox/trap/progress.h"
#include "sysbox/trap/table.h"

namespace sysbox::trap {
namespace {

constexpr uint32_t kArmed = EPOLLIN | EPOLLONESHOT;
constexpr uint64_t kStopKey = 0;
constexpr int kIdleThreads = 2;
// One lingers; another may be on its way back to all listeners.
constexpr int kWakes = 2;
constexpr absl::Duration kPatience = absl::Seconds(2);

// All listeners of one container.
struct Served {
  Container container;
  int listeners = 0;
  int in_flight = 0;
  std::vector<uint64_t> parked;  // listeners that wait for in_flight to fall
};

struct Listener {
  uint64_t key = 0;
  std::string name;
  seccomp::NotifyPort port;
  std::shared_ptr<Served> served;
  // By a thread: nobody else receives. Guarded by Engine::mu_.
  bool taken = false;
};

// What the threads share, and keep alive while one of them is held up by a
// container.
class Engine : public std::enable_shared_from_this<Engine> {
 public:
  Engine(std::shared_ptr<Host> host, const DispatcherOptions& options,
         Epoll epoll, Fd stop)
      : host_(std::move(host)),
        options_(options),
        epoll_(std::move(epoll)),
        stop_(std::move(stop)) {}
  absl::Status Start();
  void Stop();
  absl::Status Serve(const Container& container, const std::string& name,
                     Fd listener);
  size_t listener_count() const;

 private:
  using ListenerPtr = std::shared_ptr<Listener>;

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
  ListenerPtr Take(uint64_t key);
  void Serve(const ListenerPtr& listener, ListenerPtr& kept);
  bool ServeOne(const ListenerPtr& listener);
  bool Enter(const ListenerPtr& listener);
  void Leave(const ListenerPtr& listener);
  void Arm(const ListenerPtr& listener);
  bool TakeBack(const ListenerPtr& listener);
  void Forget(uint64_t key);
  using Unanswered = InFlightJournal::Unanswered;
  void Complete(const ListenerPtr& listener, const Unanswered& call);
  void CarryOn(const ListenerPtr& listener);
  void CarryOnOne(const ListenerPtr& listener, const Unanswered& call);
  void LeaveJournal(int slot);
  void EnsureIdleThread();
  bool BecomeIdle();

  const std::shared_ptr<Host> host_;
  const DispatcherOptions options_;
  Epoll epoll_;
  const Fd stop_;
  mutable absl::Mutex mu_;
  uint64_t last_key_ ABSL_GUARDED_BY(mu_) = kStopKey;
  absl::flat_hash_map<uint64_t, ListenerPtr> listeners_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_map<std::string, std::shared_ptr<Served>> served_
      ABSL_GUARDED_BY(mu_);
  // Those that wait for any listener, and all there are.
  int idle_ ABSL_GUARDED_BY(mu_) = 0;
  size_t threads_ ABSL_GUARDED_BY(mu_) = 0;
  // Of the one that waits for the listener it has served last, if there is one.
  Wake lingerer_ ABSL_GUARDED_BY(mu_);
  std::vector<Wake> wakes_ ABSL_GUARDED_BY(mu_);  // nobody's
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
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
  auto listener = std::make_shared<Listener>();
  listener->name = name;
  listener->port = seccomp::NotifyPort(std::move(fd));
  (void)listener->port.PreferOneCpu();  // older kernels are slower
  {
    absl::MutexLock lock(&mu_);
    std::shared_ptr<Served>& served = served_[container.id];
    // An id may be another container's by now.
    if (served == nullptr || served->container.init != container.init) {
      served = std::make_shared<Served>();
      served->container = container;
    }
    ++served->listeners;
    listener->served = served;
    listener->key = ++last_key_;
    listeners_[listener->key] = listener;
  }
  if (options_.journal != nullptr) {
    CarryOn(listener);
  }
  EnsureIdleThread();
  absl::Status added = epoll_.Add(listener->port.fd(), kArmed, listener->key);
  if (!added.ok()) Forget(listener->key);
  return added;
}

size_t Engine::listener_count() const {
  absl::MutexLock lock(&mu_);
  return listeners_.size();
}

void Engine::Forget(uint64_t key) {
  ListenerPtr gone;  // closed outside the lock
  {
    absl::MutexLock lock(&mu_);
    auto found = listeners_.find(key);
    if (found == listeners_.end()) return;
    gone = std::move(found->second);
    listeners_.erase(found);
    auto served = served_.find(gone->served->container.id);
    if (--gone->served->listeners == 0 && served != served_.end() &&
        served->second == gone->served) {
      served_.erase(served);
    }
  }
  if (options_.on_gone) options_.on_gone(gone->name);
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
  std::thread([self = shared_from_this(), apart] {
    self->Work(*apart);
  }).detach();
  apart->WaitForNotification();
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
      Forget(listener->key);
      break;
    case News::kOther:
      Arm(listener);
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
  const ListenerPtr listener = Take(event.key);
  if (listener == nullptr) return;
  if ((event.events & EPOLLIN) == 0) {  // EPOLLHUP: the last process has gone
    Forget(event.key);
    return;
  }
  Serve(listener, kept);
}

// Null: it is gone, or a thread came by itself and has taken it.
Engine::ListenerPtr Engine::Take(uint64_t key) {
  absl::MutexLock lock(&mu_);
  auto found = listeners_.find(key);
  if (found == listeners_.end() || found->second->taken) return nullptr;
  found->second->taken = true;
  return found->second;
}

void Engine::Serve(const ListenerPtr& listener, ListenerPtr& kept) {
  if (!Enter(listener)) return;
  if (ServeOne(listener)) kept = listener;
  Leave(listener);
}

bool Engine::Enter(const ListenerPtr& listener) {
  absl::MutexLock lock(&mu_);
  Served& served = *listener->served;
  if (served.in_flight >= options_.max_in_flight) {
    served.parked.push_back(listener->key);
    return false;
  }
  ++served.in_flight;
  return true;
}

void Engine::Leave(const ListenerPtr& listener) {
  ListenerPtr next;
  {
    absl::MutexLock lock(&mu_);
    Served& served = *listener->served;
    --served.in_flight;
    if (served.parked.empty()) return;
    auto found = listeners_.find(served.parked.back());
    served.parked.pop_back();
    if (found == listeners_.end()) return;
    next = found->second;
  }
  Arm(next);
}

// Whoever calls has taken it, or it was parked.
void Engine::Arm(const ListenerPtr& listener) {
  {
    absl::MutexLock lock(&mu_);
    listener->taken = false;
  }
  const absl::Status armed =
      epoll_.Modify(listener->port.fd(), kArmed, listener->key);
  if (armed.ok()) return;
  Log(LogLevel::kError, "interception of {}: {}",
      listener->served->container.id, MessageOf(armed));
  Forget(listener->key);
}

// False: another thread has it by now.
bool Engine::TakeBack(const ListenerPtr& listener) {
  {
    absl::MutexLock lock(&mu_);
    if (std::exchange(listener->taken, true)) return false;
  }
  // Else somebody wakes up to see that it is taken, which is all the harm.
  (void)epoll_.Modify(listener->port.fd(), EPOLLONESHOT, listener->key);
  return true;
}

// Whether the listener is still ours.
bool Engine::ServeOne(const ListenerPtr& listener) {
  seccomp::NotifyPort& port = listener->port;
  InFlightJournal* const journal = options_.journal.get();
  const int slot = journal == nullptr ? -1 : journal->Reserve(listener->name);
  // Nobody else receives from it while it is taken, so this returns.
  auto received = slot < 0 ? port.Receive()
                           : port.Receive(journal->NotificationBytes(slot));
  if (!received.ok() || !received->has_value()) {
    LeaveJournal(slot);
    if (received.ok()) return true;
    Log(LogLevel::kError, "interception of {}: {}",
        listener->served->container.id, MessageOf(received.status()));
    Forget(listener->key);
    return false;
  }
  const seccomp::Notification& notification = **received;
  const TableRow* row = FindRow(notification.arch, notification.number);
  const bool may_wait = row != nullptr && row->may_wait;
  if (may_wait) {
    EnsureIdleThread();
    Arm(listener);
  }
  Complete(listener, {slot, notification, 0});
  return !may_wait || TakeBack(listener);
}

void Engine::LeaveJournal(int slot) {
  if (options_.journal != nullptr) options_.journal->Leave(slot);
}

void Engine::Complete(const ListenerPtr& listener, const Unanswered& call) {
  seccomp::NotifyPort& port = listener->port;
  const Progress progress(options_.journal.get(), call.slot, call.mark);
  const Verdict verdict =
      Decide(port, call.call, listener->served->container, *host_, progress);
  const absl::Status answered = Answer(port, call.call.id, verdict);
  if (!answered.ok()) {
    Log(LogLevel::kWarning, "interception of {}: {}",
        listener->served->container.id, MessageOf(answered));
    (void)port.Fail(call.call.id, EPERM);  // never leave a caller hanging
  }
  LeaveJournal(call.slot);
}

// What a predecessor had received when it died, each on a thread of its own:
// one may wait for another.
void Engine::CarryOn(const ListenerPtr& listener) {
  for (const Unanswered& call : options_.journal->Find(listener->name)) {
    // Answered, but not crossed out; or reserved, and there was none.
    if (call.call.id == 0 || !listener->port.Waits(call.call.id)) {
      LeaveJournal(call.slot);
      continue;
    }
    {
      absl::MutexLock lock(&mu_);
      ++threads_;
    }
    std::thread([self = shared_from_this(), listener, call] {
      self->CarryOnOne(listener, call);
    }).detach();
  }
}

void Engine::CarryOnOne(const ListenerPtr& listener, const Unanswered& call) {
  if (PrepareThread().ok()) {
    Complete(listener, call);
  } else {
    (void)listener->port.Fail(call.call.id, EIO);
    LeaveJournal(call.slot);
  }
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
