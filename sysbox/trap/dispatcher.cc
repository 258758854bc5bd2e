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
#include "sysbox/trap/call.h"
#include "sysbox/trap/callers_place.h"
#include "sysbox/trap/families.h"
#include "sysbox/trap/progress.h"

namespace sysbox::trap {
namespace {

constexpr uint32_t kArmed = EPOLLIN | EPOLLONESHOT;
constexpr uint64_t kStopKey = 0;
constexpr int kIdleThreads = 2;
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
};

Verdict Handle(const Listener& listener,
               const seccomp::Notification& notification,
               const Progress& progress, Host& host) {
  const TableRow* row = FindRow(notification.arch, notification.number);
  // Nothing else is trapped; a filter of another version's might.
  if (row == nullptr || notification.tid == 0) return LetKernel();
  const Caller caller(listener.port, notification);
  return HandlerOf(row->family)(
      {*row, caller, listener.served->container, host, progress});
}

absl::Status Answer(seccomp::NotifyPort& port, uint64_t id,
                    const Verdict& verdict) {
  switch (verdict.kind) {
    case Verdict::Kind::kReturn:
      return port.Return(id, verdict.value);
    case Verdict::Kind::kFail:
      return port.Fail(id, verdict.error);
    case Verdict::Kind::kFd:
      return port.ReturnFd(id, verdict.file, verdict.close_on_exec);
    case Verdict::Kind::kContinue:
      return port.Continue(id);
  }
  return absl::OkStatus();
}

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
  bool WaitAndServe();
  void OnReady(uint64_t key, uint32_t events);
  void ServeOne(const ListenerPtr& listener);
  bool Enter(const ListenerPtr& listener);
  void Leave(const ListenerPtr& listener);
  void Arm(const ListenerPtr& listener);
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
  // Those that wait for work, all there are, and how many were made for good.
  int idle_ ABSL_GUARDED_BY(mu_) = 0;
  size_t threads_ ABSL_GUARDED_BY(mu_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
};

void Engine::Stop() {
  absl::MutexLock lock(&mu_);
  stopping_ = true;
  (void)SignalEventFd(stop_);  // full: it is readable already
  const auto all_gone = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return threads_ == 0;
  };
  mu_.AwaitWithTimeout(absl::Condition(&all_gone), kPatience);
}

absl::Status Engine::Start() { return epoll_.Add(stop_, EPOLLIN, kStopKey); }

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
  if (stopping_ || idle_ >= kIdleThreads) return false;
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
  while (prepared.ok() && WaitAndServe()) {
  }
  absl::MutexLock lock(&mu_);
  if (!prepared.ok()) --idle_;
  --threads_;
}

// One round of a thread that counts as idle. False: it is to end.
bool Engine::WaitAndServe() {
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
  if (event->has_value()) OnReady((*event)->key, (*event)->events);
  return BecomeIdle();
}

void Engine::OnReady(uint64_t key, uint32_t events) {
  ListenerPtr listener;
  {
    absl::MutexLock lock(&mu_);
    auto found = listeners_.find(key);
    if (found == listeners_.end()) return;
    listener = found->second;
  }
  if ((events & EPOLLIN) == 0) {  // EPOLLHUP: the last process has gone
    Forget(key);
    return;
  }
  if (!Enter(listener)) return;
  ServeOne(listener);
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

void Engine::Arm(const ListenerPtr& listener) {
  const absl::Status armed =
      epoll_.Modify(listener->port.fd(), kArmed, listener->key);
  if (armed.ok()) return;
  Log(LogLevel::kError, "interception of {}: {}",
      listener->served->container.id, MessageOf(armed));
  Forget(listener->key);
}

void Engine::ServeOne(const ListenerPtr& listener) {
  seccomp::NotifyPort& port = listener->port;
  InFlightJournal* const journal = options_.journal.get();
  const int slot = journal == nullptr ? -1 : journal->Reserve(listener->name);
  // Nobody else receives from it until it is armed again, so this returns.
  auto received = slot < 0 ? port.Receive()
                           : port.Receive(journal->NotificationBytes(slot));
  if (!received.ok() || !received->has_value()) {
    LeaveJournal(slot);
    if (received.ok()) return Arm(listener);
    Log(LogLevel::kError, "interception of {}: {}",
        listener->served->container.id, MessageOf(received.status()));
    return Forget(listener->key);
  }
  const seccomp::Notification& notification = **received;
  const TableRow* row = FindRow(notification.arch, notification.number);
  const bool may_wait = row != nullptr && row->may_wait;
  if (may_wait) {
    EnsureIdleThread();
    Arm(listener);
  }
  Complete(listener, {slot, notification, 0});
  if (!may_wait) Arm(listener);
}

void Engine::LeaveJournal(int slot) {
  if (options_.journal != nullptr) options_.journal->Leave(slot);
}

void Engine::Complete(const ListenerPtr& listener, const Unanswered& call) {
  seccomp::NotifyPort& port = listener->port;
  const Progress progress(options_.journal.get(), call.slot, call.mark);
  const Verdict verdict = Handle(*listener, call.call, progress, *host_);
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
