#include "sysbox/fsd/embedded_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "sysbox/base/status.h"
#include "sysbox/fsd/file_child.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/process.h"
#include "sysbox/linux/socket.h"

namespace sysbox::fsd {
namespace {

// A container's child, as the runtime knows it.
class FileServer {
 public:
  static absl::StatusOr<FileServer> Start(const FileChildOptions& options);
  FileServer(FileServer&&) = default;
  FileServer& operator=(FileServer&&) = default;
  ~FileServer();

  absl::StatusOr<api::EmulatedFilesystems> Mounts();
  absl::Status Activate(const Pidfd& init);
  absl::Status Listen(FdRef listener);

 private:
  FileServer(OwnedChild child, Fd socket)
      : child_(std::move(child)), socket_(std::move(socket)) {}

  OwnedChild child_;
  Fd socket_;
  Pidfd init_;
};

absl::StatusOr<FileServer> FileServer::Start(const FileChildOptions& options) {
  SYSBOX_ASSIGN_OR_RETURN(auto sockets, SocketPair(SocketKind::kSeqPacket));
  SYSBOX_ASSIGN_OR_RETURN(std::optional<OwnedChild> child, ForkProcess());
  if (!child.has_value()) _exit(RunFileChild(sockets.second, options));
  return FileServer(*std::move(child), std::move(sockets.first));
}

absl::StatusOr<api::EmulatedFilesystems> FileServer::Mounts() {
  SYSBOX_ASSIGN_OR_RETURN(std::vector<Fd> fds,
                          ReceiveFromFileChild(socket_, 2));
  return api::EmulatedFilesystems{std::move(fds[0]), std::move(fds[1])};
}

absl::Status FileServer::Activate(const Pidfd& init) {
  SYSBOX_RETURN_IF_ERROR(SendInit(socket_, init));
  SYSBOX_RETURN_IF_ERROR(ReceiveFromFileChild(socket_, 0).status());
  SYSBOX_ASSIGN_OR_RETURN(Fd copy, Duplicate(init.fd()));
  init_ = Pidfd(init.pid(), std::move(copy));
  return absl::OkStatus();
}

absl::Status FileServer::Listen(FdRef listener) {
  SYSBOX_RETURN_IF_ERROR(SendListener(socket_, listener));
  return ReceiveFromFileChild(socket_, 0).status();
}

FileServer::~FileServer() {
  constexpr int kPatienceMs = 5000;
  if (!child_.valid()) return;  // moved from
  socket_.Reset();
  if (init_.valid() && init_.Alive()) {
    child_.Release();
    return;
  }
  // It sees that it has nothing to do any more; if not, it is killed.
  (void)WaitReadable(child_.pidfd().fd(), kPatienceMs);
}

class ManagerWithFiles : public api::Manager {
 public:
  ManagerWithFiles(std::unique_ptr<api::Manager> manager, std::string run_dir)
      : manager_(std::move(manager)), run_dir_(std::move(run_dir)) {}

  absl::StatusOr<api::Registered> Register(
      api::Registration registration) override {
    const std::string id = registration.id;
    const bool emulate = registration.emulate;
    SYSBOX_ASSIGN_OR_RETURN(api::Registered registered,
                            manager_->Register(std::move(registration)));
    if (!emulate) return registered;
    const absl::Status served = Serve(id, &registered);
    if (served.ok()) return registered;
    (void)manager_->Unregister(id);  // `served` says why
    return Annotate(served, "emulated filesystems");
  }
  absl::Status Activate(const std::string& id, const Pidfd& init) override {
    SYSBOX_RETURN_IF_ERROR(manager_->Activate(id, init));
    const auto server = servers_.find(id);
    if (server == servers_.end()) return absl::OkStatus();
    return Annotate(server->second.Activate(init), "emulated filesystems");
  }
  absl::Status Listen(const std::string& id, FdRef listener) override {
    const auto server = servers_.find(id);
    if (server != servers_.end()) return server->second.Listen(listener);
    return manager_->Listen(id, listener);
  }
  absl::Status Unregister(const std::string& id) override {
    return manager_->Unregister(id);
  }
  absl::StatusOr<std::vector<api::ContainerSummary>> List() override {
    return manager_->List();
  }

 private:
  absl::Status Serve(const std::string& id, api::Registered* registered) {
    SYSBOX_ASSIGN_OR_RETURN(
        FileServer server, FileServer::Start({id, registered->maps, run_dir_}));
    SYSBOX_ASSIGN_OR_RETURN(registered->emulated, server.Mounts());
    registered->intercepts = true;
    servers_.insert_or_assign(id, std::move(server));
    return absl::OkStatus();
  }

  std::unique_ptr<api::Manager> manager_;
  std::string run_dir_;
  std::map<std::string, FileServer> servers_;
};

}  // namespace

std::unique_ptr<api::Manager> WithEmbeddedFiles(
    std::unique_ptr<api::Manager> manager, std::string run_dir) {
  return std::make_unique<ManagerWithFiles>(std::move(manager),
                                            std::move(run_dir));
}

absl::Status ListenEmbedded(const std::string& run_dir, const std::string& id,
                            FdRef listener) {
  SYSBOX_ASSIGN_OR_RETURN(Fd socket, ConnectToFileChild(run_dir, id));
  SYSBOX_RETURN_IF_ERROR(SendListener(socket, listener));
  return ReceiveFromFileChild(socket, 0).status();
}

}  // namespace sysbox::fsd
