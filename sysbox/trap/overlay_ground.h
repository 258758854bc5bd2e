// An overlay cannot have its upper layer on another overlay, such as a
// container's root. Where an engine keeps its data is known before a container
// starts (mounts/data_roots.h), unless somebody decides it inside, later:
// "dockerd --data-root X", a changed daemon.json, or mount(8) by hand. Then
// the directory is put, in the caller's mount namespace, on itself as it lies
// in the upper layer of the container's root, and the kernel makes the mount
// it was asked for. What the directory holds stays what it is.
#ifndef SYSBOX_TRAP_OVERLAY_GROUND_H_
#define SYSBOX_TRAP_OVERLAY_GROUND_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "sysbox/trap/call.h"

namespace sysbox::trap {

// Before mount(2) of an overlay with `options` goes on to the kernel. Does
// nothing where that needs nothing, or where the caller may not mount. Rights
// and paths are the caller's; what is mounted is a directory of the
// container's own, on its own name.
absl::Status PrepareOverlayGround(const TrappedCall& call,
                                  std::string_view options);

// "upperdir"'s value; nullopt if there is none, or if it is escaped. Pure.
std::optional<std::string> UpperDirectoryOf(std::string_view options);

// Which directory is to be put on itself for the upper directory `upper`, both
// by their paths in the container: engines look at all of their directory, so
// it is the one that holds the directory of upper and work ("…/overlay2/ID");
// never one that others use as well. "" if there is none. Pure.
std::string GroundFor(std::string_view upper);

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_OVERLAY_GROUND_H_
