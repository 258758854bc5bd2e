#include "sysbox/mgr/daemon.h"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "sysbox/api/event_loop.h"
#include "sysbox/api/manager_server.h"
#include "sysbox/api/server.h"
#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/ids/id_map_text.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/process_attributes.h"
#include "sysbox/linux/service_notify.h"
#include "sysbox/linux/socket.h"
#include "sysbox/mgr/manager_backend.h"
#include "sysbox/mgr/pid_file.h"

namespace sysbox::mgr {
namespace {

// In the vault.
constexpr char kListenerName[] = "mgr.listener";
constexpr char kPidFileName[] = "mgr.pid-file";

class ManagerDaemon : public Daemon {
 public:
  ManagerDaemon(DaemonOptions options, PidFile pid_file)
      : options_(std::move(options)), pid_file_(std::move(pid_file)) {}
  absl::Status Start();
  absl::Status WatchSignals();

  absl::Status Run() override;
  void Stop() override { loop_->Stop(); }

 private:
  absl::StatusOr<Fd> MakeListener();
  absl::Status Listen();
  void OnSignal(const SignalInfo& signal);
  void Reload();
  std::string SocketPath() const { return options_.run_dir + "/sysbox.sock"; }

  DaemonOptions options_;
  PidFile pid_file_;
  std::unique_ptr<api::EventLoop> loop_;
  std::unique_ptr<ManagerBackend> backend_;
  std::unique_ptr<api::Server> server_;
  Fd signals_;
};

absl::Status ManagerDaemon::Start() {
  SYSBOX_ASSIGN_OR_RETURN(loop_, api::EventLoop::Create());
  SYSBOX_ASSIGN_OR_RETURN(
      backend_, ManagerBackend::Create(loop_.get(),
                                       {.registration = options_.registration,
                                        .vault = options_.vault,
                                        .alias_dns = options_.alias_dns,
                                        .parts = options_.parts}));
  SYSBOX_RETURN_IF_ERROR(Listen(), "listen");
  const SubidPool& pool = backend_->service().pool();
  const SubidRanges& ranges = pool.ranges();
  Log(LogLevel::kInfo,
      "sysbox manager {}: uids {}, gids {}, {} ranges of {} ids, id mode {}, "
      "{} containers, socket {}",
      options_.version, DescribeHostIds(MapOnto(ranges.uids)),
      DescribeHostIds(MapOnto(ranges.gids)), pool.unit_count(),
      SubidPool::kUnit, Name(options_.registration.id_mode),
      backend_->service().container_count(), SocketPath());
  return absl::OkStatus();
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
  api::ServeManager(server_.get(), backend_.get());
  for (api::DaemonPart* part : options_.parts) {
    SYSBOX_RETURN_IF_ERROR(part->Start(loop_.get(), server_.get()));
  }
  server_->OnHangup(
      [this](const api::Peer& peer) { backend_->OnHangup(peer); });
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
  backend_->service().Reconfigure(*options);
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
