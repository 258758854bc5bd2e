// Everything that will be mounted in a container, decided before any process
// exists. Pure data: built from the converted spec (build.h), printable as
// text for golden tests. apply.h carries it out.
//
// Two processes share the work. The *launcher* (host root) opens what only
// the host may open: bind sources, the rootfs, the tmpfs of /dev with its
// nodes; it produces one detached mount per op that wants one, in op order.
// *Init* (root of the new user namespace) makes proc, sysfs, tmpfs, devpts,
// mqueue and cgroup itself and attaches everything, in op order, below the
// rootfs descriptor. Targets are resolved with openat2 in the rootfs.
#ifndef SYSBOX_MOUNTS_MOUNT_PLAN_H_
#define SYSBOX_MOUNTS_MOUNT_PLAN_H_

#include <sys/mount.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sysbox/ids/id_range.h"
#include "sysbox/linux/mount.h"

namespace sysbox::mounts {

// The flags that the kernel can lock (access time apart).
inline constexpr uint64_t kLockableAttributes =
    MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
    MOUNT_ATTR_NOEXEC;

// The layers of an overlay: absolute host paths, topmost first.
struct OverlayLayers {
  std::vector<std::string> lower;
  std::vector<std::string> data_lower;  // data-only layers, after "::"
  std::string upper;                    // empty: a read-only overlay
  std::string work;
  std::string common_parent;              // of all of them
  std::vector<FilesystemOption> options;  // volatile, metacopy, …
};

// The container's root file system.
struct RootfsPlan {
  enum class Kind {
    kIdMappedBind,     // plain directory: id-mapped clone
    kIdMappedOverlay,  // overlay re-assembled on an id-mapped clone of layers
    kPlainBind,        // no id-mapping wanted (host ids already shifted)
  };
  Kind kind = Kind::kIdMappedBind;
  std::string path;        // host path of the rootfs
  std::string filesystem;  // its type, for errors
  // kIdMappedOverlay, and kPlainBind of an overlay. In the first case `work`
  // is a directory of our own, made by the launcher:
  // the engine's overlay on the same upper directory stays mounted, and two
  // overlays must not share one (each empties it when it is mounted).
  OverlayLayers overlay;
  uint64_t attributes = 0;   // MOUNT_ATTR_* of the mount found at `path`
  bool readonly = false;     // made read-only at the very end, by init
  bool locked = false;       // and cannot be made otherwise
  uint64_t propagation = 0;  // MS_* (|MS_REC) for "/" inside
};

// A directory of the host's that init's own mounts lie on until pivot_root.
inline constexpr char kHiddenPlace[] = "/sys";

struct DeviceNode {
  std::string path;   // below /dev: "null", "net/tun"
  uint32_t mode = 0;  // type and permission bits
  uint32_t major = 0;
  uint32_t minor = 0;
  uint32_t uid = 0;  // container ids
  uint32_t gid = 0;
};

struct DeviceLink {
  std::string path;  // below /dev: "fd"
  std::string target;
};

// Where an emulated file or directory is taken from.
enum class EmulatedFrom {
  kStatic,         // the daemon's static filesystem
  kLive,           // its live one
  kNative,         // the container's procfs or sysfs, before it is covered
  kNativeIfOwned,  // the same, if the container's root owns it there
};

struct MountOp {
  enum class Kind {
    kBind,        // launcher: clone of `source`, id-mapped if `id_map`
    kFilesystem,  // init: fsopen(type)
    kDev,         // launcher: tmpfs holding `devices`; owner: container root
    kCgroupTree,  // init: the container's view of /sys/fs/cgroup
    kMask,        // init: hide `target`: /dev/null on files, tmpfs on dirs
    kReadonly,    // init: clone of `target` on itself, read-only
    kEmulated,    // init: clone of its EmulatedName in `emulated_from`
    kDataRoot,    // launcher: `target` as it lies in the upper layer `source`
    kHostSysfs,   // launcher: read-only sysfs of network namespace `source`
  };
  Kind kind = Kind::kBind;
  std::string field;   // "mounts[3]", in front of errors
  std::string target;  // absolute, inside the container, no "." or ".."
  std::string source;
  std::string type;
  std::vector<FilesystemOption> options;  // fsconfig keys
  MountAttributes attributes;             // after creation, before attaching
  MountAttributes recursive_attributes;   // "rro", "rnosuid", …
  std::vector<uint64_t> propagation;      // MS_* (|MS_REC), in order
  bool recursive = false;
  bool id_map = false;
  bool id_map_required = false;  // else an unmappable source stays unmapped
  bool optional = false;         // absent source or target: skip quietly
  bool copy_up = false;          // "tmpcopyup"
  bool over_proc = false;        // may land on procfs
  bool locked = false;           // its flags cannot be cleared inside
  bool stays = false;            // nor can it be unmounted; `locked`
  EmulatedFrom emulated_from = EmulatedFrom::kStatic;
  bool last = false;                // after sysctls are written (ro, masks)
  uint32_t mode = 0;                // of a kDataRoot that has to be made
  std::vector<DeviceNode> devices;  // kDev: its; kBind: what `source` must be
  std::vector<DeviceLink> links;
};

// Made in the rootfs by the launcher, where nothing has that name.
struct RootfsLink {
  std::string path;  // inside
  std::string target;
};

struct MountPlan {
  RootfsPlan rootfs;
  std::vector<MountOp> ops;
  std::vector<RootfsLink> links;
  std::string hostname;  // to be in /etc/hostname; "": that is left alone
  bool no_pivot = false;
  IdMaps maps;
};

bool HasEmulated(const MountPlan& plan);
// Whether a LockingStage is needed.
bool HasLocked(const MountPlan& plan);
bool HasStaying(const MountPlan& plan);

// One line per op; stable, for golden tests and --debug logs.
std::string ToText(const MountPlan& plan);

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_MOUNT_PLAN_H_
