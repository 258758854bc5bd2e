#include "sysbox/fuse/server.h"

#include <linux/fuse.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "sysbox/base/status.h"
#include "sysbox/fuse/connection.h"
#include "sysbox/fuse/worker.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/fuse_device.h"
#include "sysbox/linux/process.h"

namespace sysbox::fuse {
namespace {

constexpr uint64_t kStopKey = 0;
constexpr uint64_t kChangesKey = UINT64_MAX;
constexpr uint32_t kArmed = EPOLLIN | EPOLLONESHOT;
constexpr uint32_t kChangesArmed = EPOLLPRI | EPOLLONESHOT;
// Requests answered in a row before others have their turn.
constexpr int kTurn = 16;
constexpr int kArmAttempts = 3;

using ConnectionPtr = std::shared_ptr<Connection>;

std::string_view BytesOf(const auto& structure) {
  return {reinterpret_cast<const char*>(&structure), sizeof structure};
}

// "Never heard of it" is what the kernel says of what it has not cached.
absl::Status UnlessUncached(const absl::Status& status) {
  return ErrnoOf(status) == ENOENT ? absl::OkStatus() : status;
}

// What reading a connection says that nobody will send a request on again.
bool IsDead(const absl::Status& status) {
  switch (ErrnoOf(status)) {
    case ENODEV:        // unmounted
    case ECONNABORTED:  // through fusectl
    case EPERM:         // never mounted
    case EBADF:
      return true;
    default:
      return false;
  }
}

class ServerImpl : public Server {
 public:
  ServerImpl(Epoll epoll, Fd stop, int limit, ServerOptions options)
      : epoll_(std::move(epoll)),
        stop_(std::move(stop)),
        limit_(limit),
        ask_to_resend_(options.ask_to_resend),
        buffers_(std::move(options.buffers)),
        polls_(std::move(options.polls)),
        changes_(std::move(options.changes)) {}
  ~ServerImpl() override;

  absl::Status StartThreads(int count);
  absl::StatusOr<Id> Add(Fd device, std::shared_ptr<Tree> tree,
                         ServiceOptions options) override;
  void Remove(Id id) override;
  absl::Status Invalidate(Id id, NodeId node) override;
  absl::Status InvalidateName(Id id, NodeId directory,
                              std::string_view name) override;

 private:
  void Run(Worker& worker);
  void Serve(Worker& worker, const ConnectionPtr& connection);
  void TellOfChange();
  static void Wake(Connection& connection, const std::vector<uint64_t>& files);
  void Arm(Connection& connection);
  absl::StatusOr<bool> Resend(FdRef device);
  absl::Status AnswerLeft(Connection& connection, bool wanted);
  void End(const ConnectionPtr& connection);
  ConnectionPtr Find(Id id);
  ConnectionPtr Take(Id id);

  Epoll epoll_;
  const Fd stop_;
  const int limit_;  // of requests under way per connection
  const bool ask_to_resend_;
  const std::shared_ptr<RequestBuffers> buffers_;
  const std::shared_ptr<PollJournal> polls_;  // may be null
  const Fd changes_;                          // may be invalid
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::thread> threads_;
  absl::Mutex mu_;
  Id last_id_ ABSL_GUARDED_BY(mu_) = kStopKey;
  absl::flat_hash_map<Id, ConnectionPtr> connections_ ABSL_GUARDED_BY(mu_);
};

ServerImpl::~ServerImpl() {
  (void)SignalEventFd(stop_);  // an eventfd of ours: cannot be full
  for (std::thread& thread : threads_) thread.join();
}

absl::Status ServerImpl::StartThreads(int count) {
  SYSBOX_RETURN_IF_ERROR(epoll_.Add(stop_, EPOLLIN, kStopKey));
  if (changes_.valid()) {
    SYSBOX_RETURN_IF_ERROR(epoll_.Add(changes_, kChangesArmed, kChangesKey));
  }
  for (int i = 0; i < count; ++i) {
    SYSBOX_ASSIGN_OR_RETURN(std::unique_ptr<Worker> worker,
                            Worker::Create(*buffers_));
    workers_.push_back(std::move(worker));
  }
  // Signals are for the process's main thread.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  for (const std::unique_ptr<Worker>& worker : workers_) {
    threads_.emplace_back([this, worker = worker.get()] { Run(*worker); });
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return absl::OkStatus();
}

absl::StatusOr<Server::Id> ServerImpl::Add(Fd device,
                                           std::shared_ptr<Tree> tree,
                                           ServiceOptions options) {
  SYSBOX_RETURN_IF_ERROR(SetNonBlocking(device, true));
  bool answer_left = false;
  const bool resumed = options.resumed;
  if (resumed) {
    SYSBOX_ASSIGN_OR_RETURN(const bool resent, Resend(device));
    answer_left = !resent;
  }
  ConnectionPtr connection;
  {
    absl::MutexLock lock(&mu_);
    const Id id = ++last_id_;
    connection =
        std::make_shared<Connection>(id, std::move(device), std::move(tree),
                                     std::move(options), limit_, polls_);
    connections_[id] = connection;
  }
  SYSBOX_RETURN_IF_ERROR(AnswerLeft(*connection, answer_left));
  if (resumed) Wake(*connection, connection->polls().Resume());
  const absl::Status added =
      epoll_.Add(connection->device(), kArmed, connection->id());
  if (!added.ok()) {
    (void)Take(connection->id());
    return Annotate(added, "serve a fuse connection");
  }
  return connection->id();
}

// Whether the kernel does: before Linux 6.9 there is no such notification.
absl::StatusOr<bool> ServerImpl::Resend(FdRef device) {
  if (!ask_to_resend_) return false;
  const absl::Status resent = ResendFuseRequests(device);
  if (!resent.ok() && ErrnoOf(resent) != EINVAL) return resent;
  return resent.ok();
}

// Nobody else serves the connection yet. Unless `wanted`, what is left is of
// no use: the kernel gives it out again, or it was another connection's of
// that name.
absl::Status ServerImpl::AnswerLeft(Connection& connection, bool wanted) {
  std::unique_ptr<Worker> worker;
  for (const RequestBuffers::Left& left :
       buffers_->TakeLeft(connection.options().name)) {
    if (wanted && worker == nullptr) {
      SYSBOX_ASSIGN_OR_RETURN(worker, Worker::Create(*buffers_));
    }
    if (wanted) worker->AnswerLeft(connection, left.request);
    buffers_->Done(left.buffer);
  }
  return absl::OkStatus();
}

void ServerImpl::Remove(Id id) { (void)Take(id); }

absl::Status ServerImpl::Invalidate(Id id, NodeId node) {
  const ConnectionPtr connection = Find(id);
  if (connection == nullptr) return absl::OkStatus();
  return UnlessUncached(connection->ForgetAttributes(node));
}

absl::Status ServerImpl::InvalidateName(Id id, NodeId directory,
                                        std::string_view name) {
  const ConnectionPtr connection = Find(id);
  if (connection == nullptr) return absl::OkStatus();
  fuse_notify_inval_entry_out which = {};
  which.parent = directory;
  which.namelen = static_cast<uint32_t>(name.size());
  std::string payload(BytesOf(which));
  payload.append(name);
  payload.push_back('\0');
  return UnlessUncached(WriteFuseNotification(
      connection->device(), FUSE_NOTIFY_INVAL_ENTRY, payload));
}

void ServerImpl::Run(Worker& worker) {
  (void)SetProcessName("sysbox[fuse]");  // only looks
  for (;;) {
    const absl::StatusOr<std::optional<ReadyEvent>> event = epoll_.WaitOne(-1);
    if (!event.ok() || !event->has_value()) continue;
    if ((*event)->key == kStopKey) return;
    if ((*event)->key == kChangesKey) {
      TellOfChange();
      continue;
    }
    const ConnectionPtr connection = Find((*event)->key);
    if (connection != nullptr) Serve(worker, connection);
  }
}

void ServerImpl::TellOfChange() {
  // First, so that no change is missed: what comes now is told again.
  (void)epoll_.Modify(changes_, kChangesArmed, kChangesKey);
  std::vector<ConnectionPtr> all;
  {
    absl::MutexLock lock(&mu_);
    for (const auto& [id, connection] : connections_) all.push_back(connection);
  }
  for (const ConnectionPtr& connection : all) {
    Wake(*connection, connection->polls().Change());
  }
}

void ServerImpl::Wake(Connection& connection,
                      const std::vector<uint64_t>& files) {
  for (const uint64_t file : files) {
    const fuse_notify_poll_wakeup_out which = {file};
    // ENOENT and the like: it is closed.
    (void)WriteFuseNotification(connection.device(), FUSE_NOTIFY_POLL,
                                BytesOf(which));
  }
}

// With the right to read, until no request waits or the turn is over.
void ServerImpl::Serve(Worker& worker, const ConnectionPtr& connection) {
  for (int i = 0; i < kTurn; ++i) {
    const absl::StatusOr<Worker::Received> received = worker.Read(*connection);
    if (!received.ok()) {
      if (IsDead(received.status())) return End(connection);
      break;  // it passes, as what is short of memory does: others wait
    }
    if (received->bytes.empty()) break;
    if (!received->request.asks_tree) {
      worker.Answer(*connection, *received);
      continue;
    }
    if (connection->BeginAsking()) Arm(*connection);
    worker.Answer(*connection, *received);
    if (!connection->FinishAsking()) return;
  }
  Arm(*connection);
}

// Until it is armed, nobody hears of its requests. ENOENT: it was removed
// meanwhile, which is fine.
void ServerImpl::Arm(Connection& connection) {
  for (int i = 0; i < kArmAttempts; ++i) {
    const absl::Status armed =
        epoll_.Modify(connection.device(), kArmed, connection.id());
    if (armed.ok() || ErrnoOf(armed) == ENOENT) return;
  }
}

void ServerImpl::End(const ConnectionPtr& connection) {
  if (Take(connection->id()) == nullptr) return;  // removed meanwhile
  if (connection->options().on_end) connection->options().on_end();
}

ConnectionPtr ServerImpl::Find(Id id) {
  absl::MutexLock lock(&mu_);
  const auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : found->second;
}

ConnectionPtr ServerImpl::Take(Id id) {
  ConnectionPtr connection;
  {
    absl::MutexLock lock(&mu_);
    const auto found = connections_.find(id);
    if (found == connections_.end()) return nullptr;
    connection = std::move(found->second);
    connections_.erase(found);
  }
  connection->polls().End();
  // By hand: somebody else may hold the same open file.
  (void)epoll_.Remove(connection->device());
  return connection;
}

// More than there are processors: some calls wait, for locks of the kernel's.
int DefaultThreads() {
  return std::clamp(2 * static_cast<int>(std::thread::hardware_concurrency()),
                    4, 16);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(ServerOptions options) {
  const int threads = options.threads > 0 ? options.threads : DefaultThreads();
  SYSBOX_ASSIGN_OR_RETURN(Epoll epoll, Epoll::Create());
  SYSBOX_ASSIGN_OR_RETURN(Fd stop, MakeEventFd());
  const int limit = std::max(1, threads / 4);
  if (options.buffers == nullptr) {
    SYSBOX_ASSIGN_OR_RETURN(options.buffers, RequestBuffers::Create());
  }
  auto server = std::make_unique<ServerImpl>(std::move(epoll), std::move(stop),
                                             limit, std::move(options));
  SYSBOX_RETURN_IF_ERROR(server->StartThreads(threads), "start fuse threads");
  return server;
}

}  // namespace sysbox::fuse
