// An overlay's layers, opened on id-mapped clones of the mounts they are on.
#ifndef SYSBOX_MOUNTS_LAYER_CLONES_H_
#define SYSBOX_MOUNTS_LAYER_CLONES_H_

#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/mount.h"
#include "sysbox/mounts/mount_plan.h"

namespace sysbox::mounts {

struct LayerClones {
  std::vector<DetachedMount> clones;
  std::vector<Fd> lower;
  std::vector<Fd> data_lower;
  Fd upper;  // invalid without one
  Fd work;
};

// The work directory must exist. Never yields a directory other than the one
// that the layer's path names on the host.
absl::StatusOr<LayerClones> CloneLayers(const OverlayLayers& layers,
                                        FdRef user_namespace);

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_LAYER_CLONES_H_
