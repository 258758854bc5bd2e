// A converted spec and what was found out about the host → a MountPlan. Pure:
// gather.h does the looking.
#ifndef SYSBOX_MOUNTS_BUILD_H_
#define SYSBOX_MOUNTS_BUILD_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/ids/id_range.h"
#include "sysbox/mounts/data_roots.h"
#include "sysbox/mounts/kernel_files.h"
#include "sysbox/mounts/mount_plan.h"
#include "sysbox/oci/spec.h"

namespace sysbox::mounts {

// A file or directory to be bound over the one of the same path in the
// container's procfs or sysfs; nothing is done where that has none.
struct EmulatedBind {
  std::string path;  // "/proc/uptime"
  EmulatedFrom from = EmulatedFrom::kStatic;
};

// What the runtime settled before it looked at the host.
struct BuildOptions {
  IdMaps maps;                           // the container's; empty: none
  std::set<std::string> skip_uid_shift;  // mount destinations
  // A source that cannot be id-mapped is an error, not left unmapped.
  bool id_map_required = false;
  bool no_pivot = false;
  std::vector<EmulatedBind> emulated;  // in order
  // Directories in which engines inside can mount overlays (data_roots.h).
  bool data_roots = false;
  bool read_only_data_roots = false;
  bool kernel_files = false;  // kernel_files.h
  // What is read-only, nosuid, nodev or noexec from the start stays so.
  bool lock_attributes = true;
  // What is read-only and locked cannot be unmounted inside, either.
  bool lock_in_place = false;
  bool hostname_file = false;  // hostname_file.h
};

struct RootfsFacts {
  std::string path;  // real path
  uint32_t uid = 0;  // owner on disk
  uint32_t gid = 0;
  std::string filesystem;  // type, "overlay"
  // When the rootfs is the root of an overlay mount.
  std::optional<OverlayLayers> overlay;
  uint64_t attributes = 0;  // MOUNT_ATTR_* of the mount it lies on
};

struct SourceFacts {
  std::string path;  // absolute host path
  bool device = false;
  uint32_t uid = 0;
  uint32_t gid = 0;
  // MOUNT_ATTR_* of the mount it lies on, and of those below it.
  uint64_t attributes = 0;
  uint64_t attributes_below = 0;
};

struct BuildInputs {
  BuildOptions options;
  RootfsFacts rootfs;
  // As many as spec.mounts; set for binds.
  std::vector<std::optional<SourceFacts>> sources;
  // Of spec.mounts, what hostname_file.h does instead.
  std::optional<size_t> hostname_mount;
  bool has_kcore = false;  // /proc/kcore exists
  std::vector<DataRoot> data_roots;
  std::vector<KernelDirectory> kernel_files;
  // The path of the network namespace to join, if it is the host's root's: the
  // container's root cannot mount its sysfs. "": it is the container's own.
  std::string network_of_host;
  // From where the image looks for headers to where they are.
  std::optional<RootfsLink> headers_link;
};

// Errors name the field: `mounts[2].destination: …`. A rootfs owned by an id
// the container has no name for is refused: that is what `--userns=host`
// under a daemon with userns-remap looks like.
absl::StatusOr<MountPlan> BuildMountPlan(const oci::Spec& spec,
                                         const BuildInputs& inputs);

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_BUILD_H_
