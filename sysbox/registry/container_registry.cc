#include "sysbox/registry/container_registry.h"

#include <unistd.h>

#include <cerrno>
#include <set>

#include "sysbox/base/status.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/process.h"
#include "sysbox/registry/short_id.h"

namespace sysbox::registry {
namespace {

absl::StatusOr<ContainerInit> LookAt(pid_t pid) {
  constexpr int64_t kNsPerSecond = 1'000'000'000;
  ContainerInit init = {.pid = pid, .started_ns = 0, .user_namespace = {}};
  SYSBOX_ASSIGN_OR_RETURN(const uint64_t ticks, StartTimeTicks(pid));
  const int64_t per_second = sysconf(_SC_CLK_TCK);
  init.started_ns = static_cast<int64_t>(ticks) * (kNsPerSecond / per_second);
  SYSBOX_ASSIGN_OR_RETURN(const Fd ns,
                          OpenNamespace(pid, NamespaceType::kUser));
  SYSBOX_ASSIGN_OR_RETURN(init.user_namespace, IdOf(ns));
  return init;
}

}  // namespace

Container::Container(std::string id, std::string rootfs, const IdMaps& maps,
                     std::unique_ptr<ValueStore> values)
    : id_(std::move(id)),
      rootfs_(std::move(rootfs)),
      root_uid_(maps.uids.ToHost(0).value_or(0)),
      root_gid_(maps.gids.ToHost(0).value_or(0)),
      values_(std::move(values)) {}

ContainerInit Container::init() const {
  absl::MutexLock lock(&mu_);
  return init_;
}

void Container::SetInit(const ContainerInit& init) {
  absl::MutexLock lock(&mu_);
  init_ = init;
}

absl::StatusOr<std::unique_ptr<ContainerRegistry>> ContainerRegistry::Open(
    std::string directory) {
  SYSBOX_RETURN_IF_ERROR(MakeDirectories(directory, 0700));
  SYSBOX_ASSIGN_OR_RETURN(std::vector<std::string> found,
                          ListDirectory(directory));
  return std::unique_ptr<ContainerRegistry>(
      new ContainerRegistry(std::move(directory), std::move(found)));
}

std::string ContainerRegistry::PathOf(std::string_view id) const {
  return fmt::format("{}/{}", directory_, ShortId(id));
}

absl::StatusOr<std::shared_ptr<Container>> ContainerRegistry::Insert(
    const std::string& id, const IdMaps& maps, const std::string& rootfs) {
  SYSBOX_ASSIGN_OR_RETURN(std::unique_ptr<ValueStore> values,
                          ValueStore::Open(PathOf(id)));
  auto container =
      std::make_shared<Container>(id, rootfs, maps, std::move(values));
  absl::MutexLock lock(&mu_);
  containers_[id] = container;
  return container;
}

absl::StatusOr<std::shared_ptr<Container>> ContainerRegistry::Add(
    const std::string& id, const IdMaps& maps, const std::string& rootfs) {
  SYSBOX_RETURN_IF_ERROR(Remove(id));
  return Insert(id, maps, rootfs);
}

absl::StatusOr<std::shared_ptr<Container>> ContainerRegistry::Adopt(
    const std::string& id, const IdMaps& maps, pid_t init,
    const std::string& rootfs) {
  SYSBOX_ASSIGN_OR_RETURN(std::shared_ptr<Container> container,
                          Insert(id, maps, rootfs));
  if (init != 0) SYSBOX_RETURN_IF_ERROR(Activate(id, init));
  return container;
}

absl::Status ContainerRegistry::Activate(std::string_view id, pid_t init) {
  SYSBOX_ASSIGN_OR_RETURN(const ContainerInit found, LookAt(init));
  std::shared_ptr<Container> container = Find(id);
  if (container == nullptr) return NotFound("container \"{}\"", id);
  container->SetInit(found);
  return absl::OkStatus();
}

absl::Status ContainerRegistry::Remove(std::string_view id) {
  std::shared_ptr<Container> gone;
  {
    absl::MutexLock lock(&mu_);
    auto node = containers_.extract(std::string(id));
    if (!node.empty()) gone = std::move(node.mapped());
  }
  if (gone != nullptr) return gone->values().RemoveFile();
  const absl::Status status = Unlink(PathOf(id));
  if (ErrnoOf(status) == ENOENT) return absl::OkStatus();
  return status;
}

absl::Status ContainerRegistry::RemoveStrayValues() {
  std::set<std::string> known;
  for (const std::shared_ptr<Container>& container : All()) {
    known.insert(ShortId(container->id()));
  }
  for (const std::string& name : found_) {
    if (known.contains(name)) continue;
    const absl::Status removed = Unlink(fmt::format("{}/{}", directory_, name));
    if (ErrnoOf(removed) != ENOENT) SYSBOX_RETURN_IF_ERROR(removed);
  }
  return absl::OkStatus();
}

std::shared_ptr<Container> ContainerRegistry::Find(std::string_view id) const {
  absl::MutexLock lock(&mu_);
  const auto found = containers_.find(id);
  return found == containers_.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<Container>> ContainerRegistry::All() const {
  absl::MutexLock lock(&mu_);
  std::vector<std::shared_ptr<Container>> all;
  for (const auto& [id, container] : containers_) all.push_back(container);
  return all;
}

}  // namespace sysbox::registry
