// Directories of the host's that a container has, to write to, where an engine
// inside keeps its data (data_roots.h): volumes and binds on such a place, or
// above it. Reads only.
#ifndef SYSBOX_MOUNTS_HOST_DATA_ROOTS_H_
#define SYSBOX_MOUNTS_HOST_DATA_ROOTS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/oci/spec.h"

namespace sysbox::mounts {

struct HostDataRoot {
  std::string target;  // inside
  std::string path;    // on the host, links resolved; need not exist yet
  // "DEVICE:INODE" and the path from there: of the deepest directory on the
  // way to it that exists, then of those above that.
  std::vector<std::string> names;
};

absl::StatusOr<std::vector<HostDataRoot>> FindHostDataRoots(
    const oci::Spec& spec, const std::string& bundle,
    const std::string& rootfs);

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_HOST_DATA_ROOTS_H_
