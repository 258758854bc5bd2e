// How much room a file system has.
#ifndef SYSBOX_LINUX_DISK_SPACE_H_
#define SYSBOX_LINUX_DISK_SPACE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace sysbox {

// Bytes that a user without privileges may still write where `path` is
// (statvfs(3)). ENOENT if there is no such path.
absl::StatusOr<uint64_t> AvailableSpace(const std::string& path);

}  // namespace sysbox

#endif  // SYSBOX_LINUX_DISK_SPACE_H_
