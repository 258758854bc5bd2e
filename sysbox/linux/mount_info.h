// /proc/PID/mountinfo, parsed. proc_pid_mountinfo(5).
#ifndef SYSBOX_LINUX_MOUNT_INFO_H_
#define SYSBOX_LINUX_MOUNT_INFO_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"

namespace sysbox {

struct MountInfo {
  int id = 0;
  int parent_id = 0;
  std::string device;  // "8:1"
  std::string root;    // unescaped, as all paths here
  std::string mount_point;
  std::string options;                       // per mount
  std::vector<std::string> optional_fields;  // "shared:1", "master:2"
  std::string type;
  std::string source;
  std::string super_options;  // still escaped: overlay's commas matter
};

// Parses the whole file; InvalidArgument names the first bad line.
absl::StatusOr<std::vector<MountInfo>> ParseMountInfo(std::string_view text);
absl::StatusOr<std::vector<MountInfo>> ReadOwnMountInfo();
// Whether a mount of the namespace that `mountinfo`, an open
// /proc/PID/mountinfo, is of has come, gone or got other flags since it was
// opened or last asked (poll(2), POLLPRI). Changes of propagation do not count.
absl::StatusOr<bool> MountsChanged(FdRef mountinfo);

// The id, as in mountinfo, of the mount that `file` lies on (statx(2)).
absl::StatusOr<uint64_t> MountIdOf(FdRef file);
// The mount that `file` lies on, found by its mount id.
// Reads only as far as needed; does not parse the other lines.
absl::StatusOr<MountInfo> MountOf(FdRef file);
// Likewise for a file in `process`'s mount namespace, below its root.
absl::StatusOr<MountInfo> MountOf(FdRef file, pid_t process);
// Whether `file` is the root of a mount (statx STATX_ATTR_MOUNT_ROOT).
absl::StatusOr<bool> IsMountRoot(FdRef file);

// The id of the mount `file` lies on, which no other mount gets after it
// (STATX_MNT_ID_UNIQUE, Linux 6.8); ENOSYS before that.
absl::StatusOr<uint64_t> UniqueMountId(FdRef file);

// "\040" and the like → the byte.
std::string UnescapeMountField(std::string_view field);

}  // namespace sysbox

#endif  // SYSBOX_LINUX_MOUNT_INFO_H_
