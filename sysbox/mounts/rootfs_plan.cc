#include "sysbox/mounts/rootfs_plan.h"

#include <algorithm>

#include "sysbox/base/status.h"
#include "sysbox/oci/mount_options.h"

namespace sysbox::mounts {
namespace {

absl::Status CheckOwner(const RootfsFacts& rootfs, const IdMaps& maps) {
  if (maps.uids.ToHost(rootfs.uid).has_value() &&
      maps.gids.ToHost(rootfs.gid).has_value()) {
    return absl::OkStatus();
  }
  return InvalidArgument(
      "root.path \"{}\": is owned by {}:{}, ids that the container has no "
      "name for; an image store remapped to other ids cannot be used "
      "(--userns=host under a daemon with userns-remap is not supported)",
      rootfs.path, rootfs.uid, rootfs.gid);
}

absl::StatusOr<RootfsPlan::Kind> ChooseKind(const RootfsFacts& rootfs,
                                            const IdMaps& maps) {
  using Kind = RootfsPlan::Kind;
  if (maps.uids.lines.empty()) return Kind::kPlainBind;
  // Somebody (dockerd with userns-remap) has chowned it for these maps.
  if (rootfs.uid == maps.uids.ToHost(0)) return Kind::kPlainBind;
  SYSBOX_RETURN_IF_ERROR(CheckOwner(rootfs, maps));
  if (rootfs.overlay.has_value()) return Kind::kIdMappedOverlay;
  if (rootfs.filesystem != "overlay") return Kind::kIdMappedBind;
  return InvalidArgument(
      "root.path \"{}\": lies inside an overlay mount, which cannot be "
      "id-mapped; use a directory on another file system, or the root of an "
      "overlay mount",
      rootfs.path);
}

// `reachable`: what is private, or more, is a slave. By propagation mounts are
// kept in place (LockingStage::Cover); from nowhere else does any come.
absl::StatusOr<uint64_t> Propagation(const oci::Linux& linux, bool reachable) {
  if (linux.rootfs_propagation.empty()) return 0;
  constexpr uint64_t kApart = MS_PRIVATE | MS_UNBINDABLE;
  const uint64_t flags = oci::PropagationFlag(linux.rootfs_propagation);
  if (reachable && (flags & kApart) != 0) return (flags & ~kApart) | MS_SLAVE;
  if (flags != 0) return flags;
  return InvalidArgument("linux.rootfsPropagation: unknown value \"{}\"",
                         linux.rootfs_propagation);
}

}  // namespace

bool OwnsHostId(const IdMap& map, uint32_t id) {
  return std::any_of(
      map.lines.begin(), map.lines.end(), [&](const IdMapLine& line) {
        return id >= line.outside && id - line.outside < line.size;
      });
}

absl::StatusOr<RootfsPlan> BuildRootfsPlan(const oci::Spec& spec,
                                           const BuildInputs& inputs) {
  RootfsPlan plan;
  plan.path = inputs.rootfs.path;
  plan.filesystem = inputs.rootfs.filesystem;
  plan.attributes = inputs.rootfs.attributes;
  plan.readonly = spec.root->readonly;
  plan.locked = inputs.options.lock_attributes &&
                (plan.readonly || (plan.attributes & MOUNT_ATTR_RDONLY) != 0);
  SYSBOX_ASSIGN_OR_RETURN(plan.kind,
                          ChooseKind(inputs.rootfs, inputs.options.maps));
  SYSBOX_ASSIGN_OR_RETURN(
      plan.propagation, Propagation(*spec.linux, inputs.options.lock_in_place));
  if (!inputs.rootfs.overlay.has_value()) return plan;
  plan.overlay = *inputs.rootfs.overlay;
  if (plan.kind != RootfsPlan::Kind::kIdMappedOverlay) return plan;
  if (!plan.overlay.work.empty()) plan.overlay.work += "-sysbox";
  return plan;
}

}  // namespace sysbox::mounts
