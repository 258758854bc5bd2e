// A bind of the spec's as an op: what it shows, with whose ids, and what of it
// is not the container's to change. Pure.
#ifndef SYSBOX_MOUNTS_BIND_PLAN_H_
#define SYSBOX_MOUNTS_BIND_PLAN_H_

#include "absl/status/status.h"
#include "sysbox/mounts/build.h"
#include "sysbox/mounts/mount_plan.h"
#include "sysbox/oci/mount_options.h"
#include "sysbox/oci/spec.h"

namespace sysbox::mounts {

// `op` has field, target and attributes of `mount`.
absl::Status FillBind(const oci::Mount& mount, const oci::MountOptions& options,
                      const SourceFacts& source, const BuildOptions& build,
                      MountOp& op);

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_BIND_PLAN_H_
