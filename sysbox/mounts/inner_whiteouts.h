// What the layers of an engine inside hide, after they went through a commit
// of the engine outside. An overlay hides a name by a 0:0 device. The engine
// outside takes those in a data root for marks of its own: it carries them
// through the image's archive, and they lie in the directory of the image's
// layer, but its overlay shows nothing at such a name. So they are looked for
// there and made again in the data root.
#ifndef SYSBOX_MOUNTS_INNER_WHITEOUTS_H_
#define SYSBOX_MOUNTS_INNER_WHITEOUTS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"
#include "sysbox/mounts/mount_plan.h"

namespace sysbox::mounts {

// Sets or finds the mark by which an overlay looks no further below
// `directory` for what it holds. An engine outside keeps it in images.
absl::Status MakeOpaque(FdRef directory);
absl::StatusOr<bool> IsOpaque(FdRef directory);

// `made` is a data root as it lies in the upper layer, with all that the image
// holds; `path` is where, below the overlay's root, no symlink in it. A layer's
// 0:0 devices are an inner engine's where its data root is opaque: such a
// layer was a container's of ours (make_data_root.h) and hides nothing of those
// below. What layers above that one have at such a name counts. Layers are
// hostile: nothing is followed, and all that can come of one is a whiteout, or
// a mark for overlays of the container's (user.overlay.opaque), in `made`.
absl::Status RestoreInnerWhiteouts(const OverlayLayers& layers,
                                   const std::string& path, FdRef made);

// Before the engine outside may take it into an image: an inner engine's opaque
// directories in `data_root` (a directory of an upper layer, whose container
// need not stand still) become opaque to that engine, too, as its archives have
// no other mark. Hides nothing: all that is in a data root is there.
absl::Status KeepInnerOpaque(const std::string& data_root);

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_INNER_WHITEOUTS_H_
