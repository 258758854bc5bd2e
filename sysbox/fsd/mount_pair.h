// The two FUSE mounts of a container that is not known yet: made ahead, so
// that no container waits for them.
#ifndef SYSBOX_FSD_MOUNT_PAIR_H_
#define SYSBOX_FSD_MOUNT_PAIR_H_

#include <optional>

#include "absl/status/statusor.h"
#include "sysbox/fuse/fuse_mount.h"

namespace sysbox::fsd {

struct MountPair {
  fuse::FuseMount static_files;
  fuse::FuseMount live_files;
};

absl::StatusOr<MountPair> MakeMountPair();

// At most one pair in stock. Not thread-safe.
class SpareMounts {
 public:
  // The spare, or, if there is none, a new pair.
  absl::StatusOr<MountPair> Take();
  // Makes the spare if there is none. An error leaves that to Take.
  absl::Status Refill();

 private:
  std::optional<MountPair> spare_;
};

}  // namespace sysbox::fsd

#endif  // SYSBOX_FSD_MOUNT_PAIR_H_
