#include "sysbox/fsd/mount_pair.h"

#include <utility>

#include "sysbox/base/status.h"

namespace sysbox::fsd {

absl::StatusOr<MountPair> MakeMountPair() {
  MountPair pair;
  SYSBOX_ASSIGN_OR_RETURN(pair.static_files, fuse::MakeFuseMount({}));
  SYSBOX_ASSIGN_OR_RETURN(pair.live_files, fuse::MakeFuseMount({}));
  return pair;
}

absl::StatusOr<MountPair> SpareMounts::Take() {
  if (!spare_) return MakeMountPair();
  MountPair pair = *std::move(spare_);
  spare_.reset();
  return pair;
}

absl::Status SpareMounts::Refill() {
  if (spare_) return absl::OkStatus();
  SYSBOX_ASSIGN_OR_RETURN(spare_, MakeMountPair());
  return absl::OkStatus();
}

}  // namespace sysbox::fsd
