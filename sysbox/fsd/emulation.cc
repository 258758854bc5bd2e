#include "sysbox/fsd/emulation.h"

#include <fcntl.h>
#include <malloc.h>

#include <utility>

#include "absl/cleanup/cleanup.h"
#include "fmt/format.h"
#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/emu/bind_source_tree.h"
#include "sysbox/emu/views/host_resources.h"
#include "sysbox/fuse/poll_journal.h"
#include "sysbox/fuse/request_buffers.h"
#include "sysbox/linux/file.h"
#include "sysbox/registry/short_id.h"

namespace sysbox::fsd {
namespace {

constexpr char kBuffersName[] = "fuse-requests";
constexpr char kPollsName[] = "fuse-polls";

std::string StaticName(const std::string& id) {
  return fmt::format("fuse.{}.static", registry::ShortId(id));
}
std::string LiveName(const std::string& id) {
  return fmt::format("fuse.{}.live", registry::ShortId(id));
}

// The predecessor's, if there was one and it wrote as we do. Null: nobody
// will look for what we leave.
template <typename Memory>
absl::StatusOr<std::shared_ptr<Memory>> OpenKept(
    registry::DescriptorVault* vault, const char* name) {
  using Shared = std::shared_ptr<Memory>;
  if (vault == nullptr) return Shared();
  absl::StatusOr<Fd> kept = vault->Take(name);
  if (kept.ok()) {
    auto opened = Memory::Open(*std::move(kept));
    if (opened.ok()) return Shared(*std::move(opened));
    Log(LogLevel::kWarning, "{}", MessageOf(opened.status()));
  }
  SYSBOX_ASSIGN_OR_RETURN(Shared made, Memory::Create());
  SYSBOX_RETURN_IF_ERROR(vault->Hold(name, made->memory()));
  return made;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Emulation>> Emulation::Start(
    registry::DescriptorVault* vault, std::unique_ptr<emu::HostWrites> writes) {
  // What containers make us keep is bounded. malloc() would have each thread
  // set aside as much again: 50 MB for what now takes 20. Never fails.
  (void)mallopt(M_ARENA_MAX, 1);
  SYSBOX_ASSIGN_OR_RETURN(HomeNamespaces home, HomeNamespaces::Open());
  std::unique_ptr<Emulation> emulation(new Emulation(
      HostSide{std::move(home), std::make_unique<emu::views::HostResources>(),
               std::move(writes)},
      vault));
  fuse::ServerOptions options;
  // The kernel has one event for all hostnames, whichever namespace's.
  SYSBOX_ASSIGN_OR_RETURN(
      options.changes, Open("/proc/sys/kernel/hostname", {.flags = O_RDONLY}));
  SYSBOX_ASSIGN_OR_RETURN(options.buffers,
                          OpenKept<fuse::RequestBuffers>(vault, kBuffersName));
  SYSBOX_ASSIGN_OR_RETURN(options.polls,
                          OpenKept<fuse::PollJournal>(vault, kPollsName));
  SYSBOX_ASSIGN_OR_RETURN(emulation->server_,
                          fuse::Server::Start(std::move(options)));
  return emulation;
}

Emulation::~Emulation() = default;

void Emulation::MakeAhead() { ahead_ = std::make_unique<MountsAhead>(); }

absl::Status Emulation::Hold(const std::string& id, const Devices& devices) {
  if (vault_ == nullptr) return absl::OkStatus();
  SYSBOX_RETURN_IF_ERROR(vault_->Hold(StaticName(id), devices.static_files));
  return vault_->Hold(LiveName(id), devices.live_files);
}

absl::Status Emulation::Add(std::shared_ptr<registry::Container> container,
                            Devices devices, bool resumed) {
  const std::string id = container->id();
  auto view = MakeContainerView(host_, std::move(container));
  Served served;
  served.static_tree = MakeTree(view, emu::Superblock::kStatic);
  served.live_tree = MakeTree(view, emu::Superblock::kLive);
  served.view = std::move(view);
  SYSBOX_ASSIGN_OR_RETURN(
      served.static_id,
      server_->Add(
          std::move(devices.static_files),
          emu::MakeBindSourceTree(emu::Superblock::kStatic, served.static_tree),
          {.kind = fuse::ServiceKind::kStatic,
           .resumed = resumed,
           .name = StaticName(id)}));
  absl::Cleanup undo = [&] { server_->Remove(served.static_id); };
  SYSBOX_ASSIGN_OR_RETURN(
      served.live_id,
      server_->Add(
          std::move(devices.live_files),
          emu::MakeBindSourceTree(emu::Superblock::kLive, served.live_tree),
          {.kind = fuse::ServiceKind::kLive,
           .resumed = resumed,
           .name = LiveName(id)}));
  std::move(undo).Cancel();
  served_[id] = std::move(served);
  return absl::OkStatus();
}

absl::StatusOr<api::EmulatedFilesystems> Emulation::Serve(
    std::shared_ptr<registry::Container> container) {
  const std::string id = container->id();
  if (served_.contains(id)) Drop(id);
  SYSBOX_ASSIGN_OR_RETURN(MountPair pair,
                          ahead_ != nullptr ? ahead_->Take() : MakeMountPair());
  Devices devices = {std::move(pair.static_files.device),
                     std::move(pair.live_files.device)};
  absl::Cleanup undo = [&] { Drop(id); };
  SYSBOX_RETURN_IF_ERROR(Hold(id, devices));
  SYSBOX_RETURN_IF_ERROR(
      Add(std::move(container), std::move(devices), /*resumed=*/false));
  if (ahead_ != nullptr) SYSBOX_RETURN_IF_ERROR(HoldMounts(id, pair));
  std::move(undo).Cancel();
  return api::EmulatedFilesystems{pair.static_files.mount.Release(),
                                  pair.live_files.mount.Release()};
}

absl::Status Emulation::HoldMounts(const std::string& id,
                                   const MountPair& pair) {
  auto held = std::make_shared<HeldMounts>();
  SYSBOX_ASSIGN_OR_RETURN(held->static_files,
                          Duplicate(pair.static_files.mount.fd()));
  SYSBOX_ASSIGN_OR_RETURN(held->live_files,
                          Duplicate(pair.live_files.mount.fd()));
  served_[id].mounts = std::move(held);
  return absl::OkStatus();
}

absl::Status Emulation::Resume(std::shared_ptr<registry::Container> container) {
  if (vault_ == nullptr) return NotFound("nothing was kept");
  const std::string id = container->id();
  Devices devices;
  SYSBOX_ASSIGN_OR_RETURN(devices.static_files, vault_->Take(StaticName(id)));
  SYSBOX_ASSIGN_OR_RETURN(devices.live_files, vault_->Take(LiveName(id)));
  return Add(std::move(container), std::move(devices), /*resumed=*/true);
}

void Emulation::Drop(const std::string& id) {
  if (vault_ != nullptr) {
    vault_->Drop(StaticName(id));
    vault_->Drop(LiveName(id));
  }
  auto node = served_.extract(id);
  if (node.empty()) return;
  server_->Remove(node.mapped().static_id);
  server_->Remove(node.mapped().live_id);
  if (node.mapped().mounts != nullptr) {
    ahead_->TakeDown(std::move(node.mapped().mounts));
  }
}

std::shared_ptr<fuse::Tree> Emulation::TreeOf(
    const std::string& id, emu::Superblock superblock) const {
  const auto found = served_.find(id);
  if (found == served_.end()) return nullptr;
  return superblock == emu::Superblock::kStatic ? found->second.static_tree
                                                : found->second.live_tree;
}

std::shared_ptr<emu::ContainerView> Emulation::ViewOf(
    const std::string& id) const {
  const auto found = served_.find(id);
  return found == served_.end() ? nullptr : found->second.view;
}

}  // namespace sysbox::fsd
