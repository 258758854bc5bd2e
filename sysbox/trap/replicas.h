// What lies over a procfs or sysfs of the container: emulated files, values of
// the kernel's that stay visible among them, masked and read-only paths. All
// of it is to lie over every further procfs and sysfs made inside, too. Read
// off the mounts that the container's init made. Pure.
#ifndef SYSBOX_TRAP_REPLICAS_H_
#define SYSBOX_TRAP_REPLICAS_H_

#include <string>
#include <string_view>
#include <vector>

#include "sysbox/linux/mount_info.h"

namespace sysbox::trap {

struct Replica {
  enum class Kind {
    kEmulated,  // a file or directory of our FUSE file system
    kNative,    // the new file system's own at this path, over what covers it
    kMask,      // an empty file or directory
  };
  Kind kind = Kind::kEmulated;
  std::string path;  // below the file system's root, without a slash in front
  bool read_only = false;
  // Others of the plan are to lie on it.
  bool holds_others = false;
  // Not a native, and everything that lies on it is of the plan.
  bool whole = false;
  bool comes_along = false;  // with one that is whole and cloned as such
};

// Whether it is to be put on `other`, or on what lies on that.
bool LiesBelow(const Replica& replica, const Replica& other);

// Of the file system of `type` ("proc", "sysfs") mounted at `mount_point`
// ("/proc", "/sys") in `mounts`: in the order in which to clone and attach
// them, each before what lies on it. Mounts of others (binfmt_misc, cgroups)
// are left out, and what lies on them. Of several at one place it is the one on
// top, which is what a path leads to.
std::vector<Replica> PlanReplicas(const std::vector<MountInfo>& mounts,
                                  std::string_view mount_point,
                                  std::string_view type);

// The mounts that lie, directly or not, on the mount `id`.
std::vector<const MountInfo*> MountsOn(const std::vector<MountInfo>& mounts,
                                       int id);

// Whether a new file system of `type` shows a user namespace that sees
// `mounts` nothing that is covered for it now: some mount of that type has
// nothing over it but what will lie over the new one, too, and empty
// directories (mount_too_revealing in fs/namespace.c).
bool IsFullyVisible(const std::vector<MountInfo>& mounts, std::string_view type,
                    const std::vector<Replica>& replicas, bool read_only);

// A mount of an emulated file or directory, wherever it is.
bool IsEmulated(const MountInfo& mount);
// A mount that belongs to the dressed one it lies on, `base`, and goes with it.
bool GoesWith(const MountInfo& mount, const MountInfo& base);

// Whether `mount` is a replica on a file system of type `base.type` whose root
// is mounted as `base`.
bool IsReplica(const MountInfo& mount, const MountInfo& base,
               Replica* replica = nullptr);

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_REPLICAS_H_
