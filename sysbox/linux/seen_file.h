// Which file a path or a descriptor leads to, and through which mount: statx(2)
// with STATX_MNT_ID, Linux 5.8.
#ifndef SYSBOX_LINUX_SEEN_FILE_H_
#define SYSBOX_LINUX_SEEN_FILE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"

namespace sysbox {

// No other has the same while one of the two is held open.
struct SeenFile {
  uint64_t mount = 0;   // its id in mountinfo
  uint64_t device = 0;  // of its file system, as makedev(3) has it
  uint64_t inode = 0;
  friend bool operator==(const SeenFile&, const SeenFile&) = default;
};

// ENOSYS on older kernels.
absl::StatusOr<SeenFile> SeeFile(FdRef file);
absl::StatusOr<SeenFile> SeeFile(const std::string& path);  // follows links

}  // namespace sysbox

#endif  // SYSBOX_LINUX_SEEN_FILE_H_
