// listmount(2) and statmount(2), Linux 6.8: mounts by the ids that no other
// mount gets after them.
#ifndef SYSBOX_LINUX_MOUNT_LIST_H_
#define SYSBOX_LINUX_MOUNT_LIST_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"

namespace sysbox {

struct ListedMount {
  uint64_t id = 0;
  uint64_t parent = 0;
  uint64_t attributes = 0;  // MOUNT_ATTR_*
  friend bool operator==(const ListedMount&, const ListedMount&) = default;
};

// The mount `file` lies on, and all that lie on that one, directly or not, in
// the order in which they were made. Of the calling thread's mount namespace.
// ENOSYS before Linux 6.8; EOVERFLOW if there are more than 1024.
absl::StatusOr<std::vector<ListedMount>> ListMountsOn(FdRef file);

}  // namespace sysbox

#endif  // SYSBOX_LINUX_MOUNT_LIST_H_
