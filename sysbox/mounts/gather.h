// Looks at the host for what BuildMountPlan needs to know: the rootfs, its
// overlay layers, the sources of bind mounts. Reads only; holds nothing open.
#ifndef SYSBOX_MOUNTS_GATHER_H_
#define SYSBOX_MOUNTS_GATHER_H_

#include <string>

#include "absl/status/statusor.h"
#include "sysbox/mounts/build.h"
#include "sysbox/oci/spec.h"

namespace sysbox::mounts {

// `bundle` is absolute: root.path and bind sources may be relative to it.
// A missing rootfs or source is NotFound and names its field:
// `mounts[7].source "/x": No such file or directory`.
absl::StatusOr<BuildInputs> GatherBuildInputs(const oci::Spec& spec,
                                              const std::string& bundle,
                                              BuildOptions options);

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_GATHER_H_
