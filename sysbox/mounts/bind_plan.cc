#include "sysbox/mounts/bind_plan.h"

#include <sys/mount.h>

#include <algorithm>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/base/status.h"
#include "sysbox/mounts/rootfs_plan.h"
#include "sysbox/mounts/target_path.h"

namespace sysbox::mounts {
namespace {

constexpr uint64_t kAllSlave = uint64_t{MS_SLAVE} | MS_REC;
constexpr uint64_t kAllPrivate = uint64_t{MS_PRIVATE} | MS_REC;

// A clone of a shared mount is a peer of it: what the container mounts below
// would appear on the host. So everything is at least a slave first; "shared"
// then makes it shared with namespaces made inside the container.
std::vector<uint64_t> BindPropagation(const std::vector<uint64_t>& wanted) {
  if (!wanted.empty() &&
      (wanted.front() == kAllSlave || wanted.front() == kAllPrivate)) {
    return wanted;
  }
  std::vector<uint64_t> result = {kAllSlave};
  result.insert(result.end(), wanted.begin(), wanted.end());
  return result;
}

bool SameMap(const std::vector<oci::IdMapping>& mapping, const IdMap& map) {
  return std::equal(mapping.begin(), mapping.end(), map.lines.begin(),
                    map.lines.end(),
                    [](const oci::IdMapping& a, const IdMapLine& b) {
                      return a.container_id == b.inside &&
                             a.host_id == b.outside && a.size == b.size;
                    });
}

absl::StatusOr<bool> WantsIdMap(const oci::Mount& mount,
                                const oci::MountOptions& options,
                                const SourceFacts& source,
                                const BuildOptions& build, const MountOp& op) {
  const IdMaps& maps = build.maps;
  if (!mount.uid_mappings.empty() || !mount.gid_mappings.empty()) {
    if (SameMap(mount.uid_mappings, maps.uids) &&
        SameMap(mount.gid_mappings, maps.gids)) {
      return true;
    }
    return InvalidArgument(
        "{}: uidMappings and gidMappings other than the container's own are "
        "not supported",
        op.field);
  }
  if (maps.uids.lines.empty()) return false;
  if (options.id_map) return true;
  if (build.skip_uid_shift.contains(op.target)) return false;
  if (source.device || IsBelow(source.path, "/dev")) return false;
  // Made for this container by whoever owns its ids.
  return !(OwnsHostId(maps.uids, source.uid) &&
           OwnsHostId(maps.gids, source.gid));
}

// What config.json says, and what the host has set on the source: neither is
// the container's to take back.
void Lock(const SourceFacts& source, const BuildOptions& build, MountOp& op) {
  if (!build.lock_attributes) return;
  uint64_t attributes = (source.attributes & ~op.attributes.clear) |
                        op.attributes.set | op.recursive_attributes.set;
  if (op.recursive) {
    attributes |= source.attributes_below & ~op.recursive_attributes.clear;
  }
  op.locked = (attributes & kLockableAttributes) != 0;
  op.stays = build.lock_in_place && (attributes & MOUNT_ATTR_RDONLY) != 0;
}

}  // namespace

absl::Status FillBind(const oci::Mount& mount, const oci::MountOptions& options,
                      const SourceFacts& source, const BuildOptions& build,
                      MountOp& op) {
  op.kind = MountOp::Kind::kBind;
  op.source = source.path;
  op.recursive = options.recursive;
  // "rw" is what a bind is unless its source is read-only, and that is the
  // host's decision.
  op.attributes.clear &= ~uint64_t{MOUNT_ATTR_RDONLY};
  op.recursive_attributes.clear &= ~uint64_t{MOUNT_ATTR_RDONLY};
  op.propagation = BindPropagation(options.propagation);
  SYSBOX_ASSIGN_OR_RETURN(op.id_map,
                          WantsIdMap(mount, options, source, build, op));
  op.id_map_required = op.id_map && build.id_map_required;
  Lock(source, build, op);
  return absl::OkStatus();
}

}  // namespace sysbox::mounts
