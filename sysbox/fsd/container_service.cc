#include "sysbox/fsd/container_service.h"

#include <cerrno>
#include <utility>

#include "sysbox/api/messages.h"
#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/fsd/emulation.h"
#include "sysbox/fsd/host_writes.h"
#include "sysbox/fsd/inspection.h"
#include "sysbox/fsd/interception.h"
#include "sysbox/fuse/connections.h"
#include "sysbox/fuse/fuse_mount.h"
#include "sysbox/registry/container_registry.h"

namespace sysbox::fsd {
namespace {

class ContainerService : public api::DaemonPart {
 public:
  ContainerService(std::unique_ptr<registry::ContainerRegistry> registry,
                   std::unique_ptr<Emulation> emulation,
                   std::unique_ptr<Interception> interception)
      : registry_(std::move(registry)),
        emulation_(std::move(emulation)),
        interception_(std::move(interception)) {}

  absl::Status Start(api::EventLoop* loop, api::Server* server) override;
  absl::Status Register(const api::Registration& asked,
                        api::Registered* reply) override;
  absl::Status Activate(const std::string& id, const Pidfd& init) override {
    return registry_->Activate(id, init.pid());
  }
  void Adopt(const api::ContainerSummary& container) override;
  void Release(const std::string& id) override;

 private:
  absl::Status Listen(const std::string& id, Fd listener);

  std::unique_ptr<registry::ContainerRegistry> registry_;
  std::unique_ptr<Emulation> emulation_;
  std::unique_ptr<Interception> interception_;
};

absl::Status ContainerService::Start(api::EventLoop* loop,
                                     api::Server* server) {
  ServeInspection(server, registry_.get(), emulation_.get());
  server->Handle<api::ListenRequest, api::Done>(
      api::MessageId::kListen,
      [this](const api::Peer&, const api::ListenRequest& request,
             std::vector<Fd> fds) -> absl::StatusOr<api::Answer<api::Done>> {
        SYSBOX_RETURN_IF_ERROR(Listen(request.id, std::move(fds[0])));
        return api::Done{};
      });
  SYSBOX_RETURN_IF_ERROR(interception_->Watch(loop));
  if (absl::Status status = registry_->RemoveStrayValues(); !status.ok()) {
    Log(LogLevel::kWarning, "stored values: {}", MessageOf(status));
  }
  emulation_->MakeAhead();
  return absl::OkStatus();
}

absl::Status ContainerService::Register(const api::Registration& asked,
                                        api::Registered* reply) {
  SYSBOX_ASSIGN_OR_RETURN(std::shared_ptr<registry::Container> container,
                          registry_->Add(asked.id, reply->maps, asked.rootfs));
  if (!asked.emulate) return absl::OkStatus();
  reply->intercepts = true;
  SYSBOX_ASSIGN_OR_RETURN(reply->emulated,
                          emulation_->Serve(std::move(container)),
                          "emulated filesystems");
  return absl::OkStatus();
}

void ContainerService::Adopt(const api::ContainerSummary& container) {
  auto adopted = registry_->Adopt(container.id, container.maps, container.pid,
                                  container.rootfs);
  if (!adopted.ok()) {
    Log(LogLevel::kError, "{}: {}", container.id, MessageOf(adopted.status()));
    return;
  }
  const absl::Status resumed = emulation_->Resume(*adopted);
  interception_->Resume(**adopted, emulation_->ViewOf(container.id));
  if (resumed.ok()) return;
  // Not all had any; of those that had, nobody kept them.
  Log(LogLevel::kInfo, "{}: emulated files: {}", container.id,
      MessageOf(resumed));
  // A process that was killed and cannot end may hold them still.
  const absl::Status aborted =
      fuse::AbortConnections(container.pid, fuse::kMountSource);
  if (aborted.ok() || ErrnoOf(aborted) == ENOENT) return;
  Log(LogLevel::kWarning, "{}: end emulated files: {}", container.id,
      MessageOf(aborted));
}

absl::Status ContainerService::Listen(const std::string& id, Fd listener) {
  const std::shared_ptr<registry::Container> container = registry_->Find(id);
  if (container == nullptr) {
    return NotFound("container \"{}\" does not exist", id);
  }
  return interception_->Serve(*container, emulation_->ViewOf(id),
                              std::move(listener));
}

void ContainerService::Release(const std::string& id) {
  interception_->Drop(id);
  emulation_->Drop(id);
  const absl::Status removed = registry_->Remove(id);
  if (removed.ok()) return;
  Log(LogLevel::kWarning, "{}: {}", id, MessageOf(removed));
}

}  // namespace

absl::StatusOr<std::unique_ptr<api::DaemonPart>> MakeContainerService(
    const ContainerServiceOptions& options) {
  SYSBOX_ASSIGN_OR_RETURN(
      std::unique_ptr<registry::ContainerRegistry> registry,
      registry::ContainerRegistry::Open(options.run_dir + "/values"));
  std::unique_ptr<AllowedHostWrites> writes;
  if (!options.host_writes.empty()) {
    writes = std::make_unique<AllowedHostWrites>(options.host_writes);
  }
  SYSBOX_ASSIGN_OR_RETURN(std::unique_ptr<Emulation> emulation,
                          Emulation::Start(options.vault, std::move(writes)));
  SYSBOX_ASSIGN_OR_RETURN(
      std::unique_ptr<Interception> interception,
      Interception::Start(options.vault, options.allowed_mounts));
  return std::make_unique<ContainerService>(
      std::move(registry), std::move(emulation), std::move(interception));
}

}  // namespace sysbox::fsd
