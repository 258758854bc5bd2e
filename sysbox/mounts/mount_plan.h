// Everything that will be mounted in a container, decided before any process
// exists. Pure data: built from the converted spec, printable as text for
// golden tests. apply.h carries it out.
//
// Two processes share the work. The *launcher* (host root) opens what only
// the host may open: bind sources, the rootfs, the tmpfs of /dev with its
// nodes; it produces one detached mount per op that wants one, in op order.
// *Init* (root of the new user namespace) makes proc, sysfs, tmpfs, devpts,
// mqueue and cgroup itself and attaches everything, in op order, below the
// rootfs descriptor. Targets are resolved with openat2 in the rootfs.
#ifndef SYSBOX_MOUNTS_MOUNT_PLAN_H_
#define SYSBOX_MOUNTS_MOUNT_PLAN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sysbox/ids/id_range.h"
#include "sysbox/linux/mount.h"

namespace sysbox::mounts {

// The container's root file system.
struct RootfsPlan {
  enum class Kind {
    kIdMappedBind,     // plain directory: id-mapped clone
    kIdMappedOverlay,  // overlay re-assembled on an id-mapped clone of layers
    kPlainBind,        // no id-mapping wanted (host ids already shifted)
  };
  Kind kind = Kind::kIdMappedBind;
  std::string path;  // host path of the rootfs
  // kIdMappedOverlay: absolute host paths.
  std::vector<std::string> lower;
  std::string upper;
  std::string work;
  std::string common_parent;  // of all layers, upper and work
  std::vector<FilesystemOption> overlay_options;  // volatile, metacopy, …
  bool readonly = false;     // made read-only at the very end, by init
  uint64_t propagation = 0;  // MS_* (|MS_REC) for "/" inside
};

struct DeviceNode {
  std::string path;   // below /dev: "null", "net/tun"
  uint32_t mode = 0;  // type and permission bits
  uint32_t major = 0;
  uint32_t minor = 0;
  uint32_t uid = 0;  // container ids
  uint32_t gid = 0;
};

struct MountOp {
  enum class Kind {
    kBind,        // launcher: clone of `source`, id-mapped if `id_map`
    kFilesystem,  // init: fsopen(type)
    kDev,         // launcher: tmpfs holding `devices`; owner: container root
    kCgroupTree,  // init: the container's view of /sys/fs/cgroup
    kDeviceBind,  // launcher: clone of one host device node, not id-mapped
    kMask,        // hide `target`: /dev/null on files, empty tmpfs on dirs
    kReadonly,    // clone of `target` on itself, read-only
    kSymlink,     // init: symlink `target` → `source`, if absent
  };
  Kind kind = Kind::kBind;
  std::string target;  // absolute, inside the container
  std::string source;
  std::string type;
  std::vector<FilesystemOption> options;  // fsconfig keys
  MountAttributes attributes;             // after creation, before attaching
  MountAttributes recursive_attributes;   // "rro", "rnosuid", …
  bool recursive = false;
  bool id_map = false;
  bool optional = false;  // absent source or target: skip quietly
  bool copy_up = false;   // "tmpcopyup"
  bool last = false;      // after sysctls are written (ro, masks)
  std::vector<DeviceNode> devices;
};

struct MountPlan {
  RootfsPlan rootfs;
  std::vector<MountOp> ops;
  bool no_pivot = false;
  IdMaps maps;
};

// One line per op; stable, for golden tests and --debug logs.
std::string ToText(const MountPlan& plan);

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_MOUNT_PLAN_H_
