#include "sysbox/mgr/daemon.h"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_split.h"
#include "sysbox/api/event_loop.h"
#include "sysbox/api/manager_server.h"
#include "sysbox/api/server.h"
#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/ids/id_map_text.h"
#include "sysbox/linux/credentials.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/linux/service_notify.h"
#include "sysbox/linux/socket.h"
#include "sysbox/mgr/dns_service.h"
#include "sysbox/mgr/overlay_coherence.h"
#include "sysbox/mgr/pid_file.h"
#include "sysbox/mgr/process_watch.h"

namespace sysbox::mgr {
namespace {

// In the vault.
constexpr char kListenerName[] = "mgr.listener";
constexpr char kPidFileName[] = "mgr.pid-file";

class ManagerDaemon : public Daemon,
                      public api::ManagerBackend,
                      public RegistrationService::Observer {
 public:
  ManagerDaemon(DaemonOptions options, PidFile pid_file)
      : options_(std::move(options)), pid_file_(std::move(pid_file)) {}
  absl::Status Start();
  absl::Status WatchSignals();
  void OnSignal(const SignalInfo& signal);
  void Reload();

  absl::Status Run() override;
  void Stop() override { loop_->Stop(); }

  absl::StatusOr<api::Registered> Register(
      const api::Peer& peer, api::Registration registration) override;
  absl::Status Activate(const api::Peer& peer, const std::string& id,
                        Pidfd init) override;
  absl::StatusOr<std::string> AliasDns(const std::string& id) override;
  absl::Status Unregister(const std::string& id) override;
  absl::StatusOr<std::vector<api::ContainerSummary>> List(
      const std::string& after, size_t limit) override;

  void OnHeld(const LedgerEntry& entry) override;
  void OnReleased(const std::string& id) override;

 private:
  // A connection that registered something.
  struct Caller {
    ProcessIdentity process;
    std::set<std::string> pending;
    std::vector<std::string> activated;
  };
  absl::Status Adopt();
  absl::Status AdoptIntoParts();
  void StartCoherence();
  void StartDns();
  void AdoptDns(const api::ContainerSummary& container);
  absl::StatusOr<Fd> NetworkOf(const std::string& id);
  absl::StatusOr<Fd> MakeListener();
  absl::Status Listen();
  absl::StatusOr<api::Registered> RegisterEverywhere(
      const Caller& caller, const api::Registration& registration);
  absl::StatusOr<Caller*> CallerOf(const api::Peer& peer);
  void OnHangup(const api::Peer& peer);
  void OnEnd(const std::string& id);
  std::string SocketPath() const { return options_.run_dir + "/sysbox.sock"; }

  DaemonOptions options_;
  PidFile pid_file_;
  std::unique_ptr<api::EventLoop> loop_;
  std::unique_ptr<ProcessWatch> watch_;
  std::unique_ptr<OverlayCoherence> coherence_;  // null: the kernel cannot
  std::unique_ptr<DnsService> dns_;  // null: not wanted, or it cannot be
  std::unique_ptr<RegistrationService> service_;
  std::unique_ptr<api::Server> server_;
  Fd signals_;
  absl::flat_hash_map<uint64_t, Caller> callers_;  // by connection
};

absl::Status ManagerDaemon::Start() {
  SYSBOX_ASSIGN_OR_RETURN(loop_, api::EventLoop::Create());
  SYSBOX_ASSIGN_OR_RETURN(
      watch_, ProcessWatch::Create(
                  loop_.get(), [this](const std::string& id) { OnEnd(id); }));
  StartCoherence();
  StartDns();
  SYSBOX_RETURN_IF_ERROR(Adopt());
  SYSBOX_RETURN_IF_ERROR(AdoptIntoParts());
  SYSBOX_RETURN_IF_ERROR(Listen(), "listen");
  const SubidPool& pool = service_->pool();
  const SubidRanges& ranges = pool.ranges();
  Log(LogLevel::kInfo,
      "sysbox manager {}: uids {}, gids {}, {} ranges of {} ids, id mode {}, "
      "{} containers, socket {}",
      options_.version, DescribeHostIds(MapOnto(ranges.uids)),
      DescribeHostIds(MapOnto(ranges.gids)), pool.unit_count(),
      SubidPool::kUnit, Name(options_.registration.id_mode),
      service_->container_count(), SocketPath());
  return absl::OkStatus();
}

absl::Status ManagerDaemon::Adopt() {
  SYSBOX_ASSIGN_OR_RETURN(
      service_, RegistrationService::Open(options_.registration, this));
  SYSBOX_ASSIGN_OR_RETURN(std::vector<std::string> dead, service_->Reconcile());
  for (const std::string& id : dead) {
    Log(LogLevel::kInfo, "released {}: it ended while no manager ran", id);
  }
  if (coherence_) coherence_->StartAll();
  return absl::OkStatus();
}

absl::Status ManagerDaemon::AdoptIntoParts() {
  if (options_.parts.empty() && !dns_) return absl::OkStatus();
  SYSBOX_ASSIGN_OR_RETURN(
      std::vector<api::ContainerSummary> living,
      service_->List("", std::numeric_limits<size_t>::max()));
  for (const api::ContainerSummary& container : living) {
    for (api::DaemonPart* part : options_.parts) part->Adopt(container);
    if (dns_ && container.pid != 0) AdoptDns(container);
  }
  return absl::OkStatus();
}

void ManagerDaemon::StartCoherence() {
  auto coherence = OverlayCoherence::Create(loop_.get());
  if (coherence.ok()) {
    coherence_ = *std::move(coherence);
    return;
  }
  Log(LogLevel::kInfo,
      "`docker cp` may not see names made just before, nor be seen: {}",
      MessageOf(coherence.status()));
}

void ManagerDaemon::StartDns() {
  if (!options_.alias_dns) return;
  auto dns = DnsService::Start(options_.vault);
  if (dns.ok()) {
    dns_ = *std::move(dns);
    return;
  }
  Log(LogLevel::kInfo, "containers inside will not reach Docker's resolver: {}",
      MessageOf(dns.status()));
}

void ManagerDaemon::AdoptDns(const api::ContainerSummary& container) {
  absl::StatusOr<Fd> network = NetworkOf(container.id);
  if (network.ok()) dns_->Adopt(container.id, *std::move(network));
}

absl::StatusOr<Fd> ManagerDaemon::NetworkOf(const std::string& id) {
  SYSBOX_ASSIGN_OR_RETURN(const Pidfd init, service_->InitOf(id));
  SYSBOX_ASSIGN_OR_RETURN(Fd network,
                          OpenNamespace(init.pid(), NamespaceType::kNetwork));
  // What was just opened was the same process's, then.
  if (init.Alive()) return network;
  return FailedPrecondition("init of \"{}\" has ended", id);
}

absl::StatusOr<std::string> ManagerDaemon::AliasDns(const std::string& id) {
  if (!dns_) return std::string();
  SYSBOX_ASSIGN_OR_RETURN(Fd network, NetworkOf(id));
  SYSBOX_ASSIGN_OR_RETURN(std::string address,
                          dns_->Alias(id, std::move(network)));
  Log(LogLevel::kDebug, "{}: Docker's resolver is {}, too", id, address);
  return address;
}

// Our predecessor's, if it was killed: callers have been waiting at it.
absl::StatusOr<Fd> ManagerDaemon::MakeListener() {
  registry::DescriptorVault* const vault = options_.vault;
  if (vault != nullptr && Exists(SocketPath())) {
    absl::StatusOr<Fd> kept = vault->Take(kListenerName);
    if (kept.ok()) return kept;
  }
  // Nobody will accept there, and yet it looks served.
  if (pid_file_.is_from_the_dead()) (void)Unlink(SocketPath());
  SYSBOX_ASSIGN_OR_RETURN(
      Fd listener, ListenUnix(SocketKind::kSeqPacket, SocketPath(), 0600));
  if (vault != nullptr) {
    SYSBOX_RETURN_IF_ERROR(vault->Hold(kListenerName, listener));
  }
  return listener;
}

absl::Status ManagerDaemon::Listen() {
  SYSBOX_ASSIGN_OR_RETURN(Fd listener, MakeListener());
  SYSBOX_ASSIGN_OR_RETURN(
      server_,
      api::Server::Create(loop_.get(), std::move(listener),
                          {.allowed_uid = 0, .version = options_.version}));
  api::ServeManager(server_.get(), this);
  for (api::DaemonPart* part : options_.parts) {
    SYSBOX_RETURN_IF_ERROR(part->Start(loop_.get(), server_.get()));
  }
  server_->OnHangup([this](const api::Peer& peer) { OnHangup(peer); });
  server_->OnOffence([](const api::Peer& peer, const absl::Status& status) {
    Log(LogLevel::kWarning, "closed the connection of process {}: {}", peer.pid,
        MessageOf(status));
  });
  return absl::OkStatus();
}

absl::Status ManagerDaemon::WatchSignals() {
  SYSBOX_ASSIGN_OR_RETURN(signals_, MakeSignalFd({SIGTERM, SIGINT, SIGHUP}));
  return loop_
      ->Watch(signals_, EPOLLIN,
              [this](uint32_t) {
                absl::StatusOr<SignalInfo> signal = ReadSignal(signals_);
                if (signal.ok()) OnSignal(*signal);
              })
      .status();
}

void ManagerDaemon::OnSignal(const SignalInfo& signal) {
  if (signal.signal == SIGHUP) {
    Reload();
    if (options_.on_ready) options_.on_ready();  // again
    return;
  }
  Log(LogLevel::kInfo, "stopping: signal {} of process {}", signal.signal,
      signal.sender);
  Stop();
}

void ManagerDaemon::Reload() {
  if (!options_.reload) return Log(LogLevel::kInfo, "nothing to reload");
  const absl::StatusOr<RegistrationOptions> options = options_.reload();
  if (!options.ok()) {
    // Half a configuration would be worse than the old one.
    return Log(LogLevel::kError, "reload: {}; all stays as it was",
               MessageOf(options.status()));
  }
  service_->Reconfigure(*options);
  Log(LogLevel::kInfo, "reloaded the configuration");
}

absl::Status ManagerDaemon::Run() {
  const absl::Status status = loop_->Run();
  if (options_.vault != nullptr) {
    options_.vault->Drop(kListenerName);
    options_.vault->Drop(kPidFileName);
  }
  (void)Unlink(SocketPath());  // gone: somebody cleaned /run
  return status;
}

absl::StatusOr<ManagerDaemon::Caller*> ManagerDaemon::CallerOf(
    const api::Peer& peer) {
  auto found = callers_.find(peer.connection);
  if (found != callers_.end()) return &found->second;
  if (peer.pid <= 0) {
    return FailedPrecondition("the caller's pid namespace is not ours");
  }
  SYSBOX_ASSIGN_OR_RETURN(ProcessIdentity process, IdentityOf(peer.pid));
  Caller& caller = callers_[peer.connection];
  caller.process = process;
  return &caller;
}

absl::StatusOr<api::Registered> ManagerDaemon::RegisterEverywhere(
    const Caller& caller, const api::Registration& registration) {
  SYSBOX_ASSIGN_OR_RETURN(api::Registered registered,
                          service_->Register(caller.process, registration));
  for (api::DaemonPart* part : options_.parts) {
    const absl::Status status = part->Register(registration, &registered);
    if (status.ok()) continue;
    (void)service_->Unregister(registration.id);  // `status` matters more
    return status;
  }
  return registered;
}

absl::StatusOr<api::Registered> ManagerDaemon::Register(
    const api::Peer& peer, api::Registration registration) {
  SYSBOX_ASSIGN_OR_RETURN(Caller * caller, CallerOf(peer));
  const std::string id = registration.id;
  auto registered = RegisterEverywhere(*caller, registration);
  if (!registered.ok()) {
    Log(LogLevel::kWarning, "register {}: {}", id,
        MessageOf(registered.status()));
    return registered;
  }
  caller->pending.insert(id);
  Log(LogLevel::kInfo, "registered {}: uids {}, gids {}{}", id,
      DescribeHostIds(registered->maps.uids),
      DescribeHostIds(registered->maps.gids),
      registered->shares_user_namespace ? ", shared user namespace" : "");
  return registered;
}

absl::Status ManagerDaemon::Activate(const api::Peer& peer,
                                     const std::string& id, Pidfd init) {
  SYSBOX_RETURN_IF_ERROR(service_->Activate(id, init));
  for (api::DaemonPart* part : options_.parts) {
    SYSBOX_RETURN_IF_ERROR(part->Activate(id, init));
  }
  // Its registration may have come by another connection, before a restart.
  absl::StatusOr<Caller*> caller = CallerOf(peer);
  if (caller.ok()) {
    (*caller)->pending.erase(id);
    (*caller)->activated.push_back(id);
  }
  Log(LogLevel::kDebug, "activated {}: process {}", id, init.pid());
  return absl::OkStatus();
}

absl::Status ManagerDaemon::Unregister(const std::string& id) {
  SYSBOX_ASSIGN_OR_RETURN(bool released, service_->Unregister(id));
  if (released) Log(LogLevel::kInfo, "unregistered {}", id);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<api::ContainerSummary>> ManagerDaemon::List(
    const std::string& after, size_t limit) {
  return service_->List(after, limit);
}

void ManagerDaemon::OnHeld(const LedgerEntry& entry) {
  if (coherence_ && entry.active()) {
    coherence_->Hold(entry.id, entry.rootfs, entry.init);
  }
  const absl::Status watched = watch_->Watch(entry.id, entry.keeper());
  if (watched.ok()) return;
  Log(LogLevel::kWarning, "{}: its end will be noticed late: {}", entry.id,
      MessageOf(watched));
}

void ManagerDaemon::OnReleased(const std::string& id) {
  watch_->Unwatch(id);
  if (coherence_) coherence_->Release(id);
  if (dns_) dns_->Release(id);
  for (api::DaemonPart* part : options_.parts) part->Release(id);
}

void ManagerDaemon::OnHangup(const api::Peer& peer) {
  auto node = callers_.extract(peer.connection);
  if (node.empty()) return;
  const Caller& caller = node.mapped();
  // The runtime has gone, so init has its own root by now.
  if (coherence_) {
    for (const std::string& id : caller.activated) coherence_->Start(id);
  }
  for (const std::string& id : caller.pending) {
    absl::StatusOr<bool> released = service_->Abandon(id, caller.process);
    if (!released.ok()) {
      Log(LogLevel::kError, "release {}: {}", id, MessageOf(released.status()));
    } else if (*released) {
      Log(LogLevel::kInfo, "released {}: process {} gave up before its start",
          id, caller.process.pid);
    }
  }
}

void ManagerDaemon::OnEnd(const std::string& id) {
  absl::StatusOr<bool> released = service_->ReleaseIfDead(id);
  if (!released.ok()) {
    Log(LogLevel::kError, "release {}: {}", id, MessageOf(released.status()));
  } else if (*released) {
    Log(LogLevel::kInfo, "released {}: it has ended", id);
  }
}

absl::StatusOr<PidFile> TakePidFile(const DaemonOptions& options) {
  const std::string path = options.run_dir + "/sysbox.pid";
  if (options.vault == nullptr) return PidFile::Take(path);
  absl::StatusOr<Fd> held = options.vault->Take(kPidFileName);
  SYSBOX_ASSIGN_OR_RETURN(
      PidFile pid_file,
      PidFile::Take(path, held.ok() ? *std::move(held) : Fd(), getppid()));
  SYSBOX_RETURN_IF_ERROR(options.vault->Hold(kPidFileName, pid_file.lock()));
  return pid_file;
}

absl::StatusOr<std::unique_ptr<ManagerDaemon>> CreateDaemon(
    DaemonOptions options) {
  SYSBOX_RETURN_IF_ERROR(MakeDirectories(options.run_dir, 0700));
  SYSBOX_RETURN_IF_ERROR(ChangeModeAt(FdRef::Cwd(), options.run_dir, 0700));
  SYSBOX_ASSIGN_OR_RETURN(PidFile pid_file, TakePidFile(options));
  auto daemon =
      std::make_unique<ManagerDaemon>(std::move(options), std::move(pid_file));
  SYSBOX_RETURN_IF_ERROR(daemon->Start());
  return daemon;
}

void TellService(const std::string& socket, std::string_view state) {
  const absl::Status told = NotifyService(socket, state);
  if (!told.ok()) Log(LogLevel::kWarning, "{}", MessageOf(told));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Daemon>> Daemon::Create(DaemonOptions options) {
  return CreateDaemon(std::move(options));
}

absl::Status RaiseFileLimit() {
  SYSBOX_ASSIGN_OR_RETURN(std::string limits, ReadFile("/proc/self/limits"));
  for (absl::string_view line : absl::StrSplit(limits, '\n')) {
    // "Max open files    SOFT    HARD    files"
    const std::vector<absl::string_view> words =
        absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (words.size() < 5 || words[1] != "open") continue;
    const auto hard = ParseUint64(ToStd(words[4]));
    if (!hard) break;
    return SetResourceLimit(getpid(), RLIMIT_NOFILE, *hard, *hard);
  }
  return absl::OkStatus();
}

absl::Status RunManagerDaemon(const DaemonOptions& options) {
  SYSBOX_ASSIGN_OR_RETURN(std::unique_ptr<ManagerDaemon> daemon,
                          CreateDaemon(options));
  SYSBOX_RETURN_IF_ERROR(daemon->WatchSignals());
  TellService(options.notify_socket, "READY=1");
  if (options.on_ready) options.on_ready();
  const absl::Status status = daemon->Run();
  TellService(options.notify_socket, "STOPPING=1");
  return status;
}

}  // namespace sysbox::mgr
