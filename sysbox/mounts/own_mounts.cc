#include "sysbox/mounts/own_mounts.h"

#include <sys/mount.h>

#include <algorithm>
#include <string>
#include <utility>

#include "sysbox/base/clean_path.h"
#include "sysbox/mounts/target_path.h"

namespace sysbox::mounts {
namespace {

constexpr uint64_t kAllPrivate = uint64_t{MS_PRIVATE} | MS_REC;

// By a mount of the user's on it or above: that is what he wants.
bool IsCovered(const oci::Spec& spec, const std::string& path) {
  return std::any_of(spec.mounts.begin(), spec.mounts.end(),
                     [&](const oci::Mount& mount) {
                       const std::string target = CleanPath(mount.destination);
                       return target == path || IsBelow(path, target);
                     });
}

}  // namespace

std::vector<MountOp> DataRootMounts(const oci::Spec& spec,
                                    const BuildInputs& inputs,
                                    const RootfsPlan& rootfs) {
  std::vector<MountOp> ops;
  if (!inputs.rootfs.overlay.has_value()) return ops;
  for (const DataRoot& root : inputs.data_roots) {
    if (IsCovered(spec, root.path)) continue;
    MountOp op;
    op.kind = MountOp::Kind::kDataRoot;
    op.field = "data root";
    op.target = root.path;
    op.source = inputs.rootfs.overlay->upper;
    op.mode = root.mode;
    op.id_map = rootfs.kind == RootfsPlan::Kind::kIdMappedOverlay;
    op.id_map_required = op.id_map;
    op.optional = true;
    op.propagation = {kAllPrivate};
    if (inputs.options.read_only_data_roots) {
      op.attributes.set = MOUNT_ATTR_RDONLY;
      op.locked = inputs.options.lock_attributes;
      op.stays = op.locked && inputs.options.lock_in_place;
    }
    ops.push_back(std::move(op));
  }
  return ops;
}

std::vector<MountOp> KernelFileMounts(const oci::Spec& spec,
                                      const BuildInputs& inputs) {
  std::vector<MountOp> ops;
  for (const KernelDirectory& directory : inputs.kernel_files) {
    if (IsCovered(spec, directory.target)) continue;
    MountOp op;
    op.kind = MountOp::Kind::kBind;
    op.field = "kernel files";
    op.target = directory.target;
    op.source = directory.source;
    op.id_map = !inputs.options.maps.uids.lines.empty();
    op.optional = true;
    op.attributes.set =
        MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
    // The host's own, id-mapped: whoever could clear "read-only" would write
    // what its kernel loads. No option leaves that to root inside.
    op.locked = true;
    op.stays = inputs.options.lock_in_place;
    op.propagation = {kAllPrivate};
    ops.push_back(std::move(op));
  }
  return ops;
}

}  // namespace sysbox::mounts
