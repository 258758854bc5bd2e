// listmount(2) and statmount(2), Linux 6.11: mounts by the ids that no other
// mount gets after them, and whole mount namespaces, as of one moment.
#ifndef SYSBOX_LINUX_MOUNT_LIST_H_
#define SYSBOX_LINUX_MOUNT_LIST_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/mount_info.h"

namespace sysbox {

struct ListedMount {
  uint64_t id = 0;
  uint64_t parent = 0;
  uint64_t device = 0;      // of its file system, as makedev(3) has it
  uint64_t attributes = 0;  // MOUNT_ATTR_*
  friend bool operator==(const ListedMount&, const ListedMount&) = default;
};

// By which listmount(2) and statmount(2) know a mount namespace (ioctl_nsfs(2)
// NS_GET_MNTNS_ID). ENOSYS before Linux 6.11.
absl::StatusOr<uint64_t> NumberOfMountNamespace(FdRef mount_namespace);

// The ids of the mount `file` lies on, which is in the mount namespace of that
// number, and of all that lie on that one, directly or not, in the order in
// which they were made. EOVERFLOW if there are more than 1024.
absl::StatusOr<std::vector<uint64_t>> ListMountsOn(FdRef file, uint64_t ns);
// One system call for each.
absl::StatusOr<std::vector<ListedMount>> DescribeMounts(
    const std::vector<uint64_t>& ids, uint64_t ns);

// What `mountinfo`, an open /proc/PID/mountinfo, lists: as of one moment, but
// for the names of directories, which whoever may rename them changes in the
// middle. EAGAIN if mounts come and go all the time.
absl::StatusOr<std::vector<MountInfo>> ReachedMounts(FdRef mountinfo);
// Likewise all of `mount_namespace`, which `mountinfo` is of, those too that no
// path leads to from any process's root because its root is covered. Mount
// points are from the namespace's own root. Of each: ids, root, mount point,
// type, and "ro" or "rw". ENOSYS or EINVAL before Linux 6.11; EOVERFLOW if
// there are very many.
absl::StatusOr<std::vector<MountInfo>> AllMounts(FdRef mount_namespace,
                                                 FdRef mountinfo);

}  // namespace sysbox

#endif  // SYSBOX_LINUX_MOUNT_LIST_H_
