// How a container's rootfs is made visible to it. Pure.
#ifndef SYSBOX_MOUNTS_ROOTFS_PLAN_H_
#define SYSBOX_MOUNTS_ROOTFS_PLAN_H_

#include "absl/status/statusor.h"
#include "sysbox/mounts/build.h"
#include "sysbox/mounts/mount_plan.h"
#include "sysbox/oci/spec.h"

namespace sysbox::mounts {

absl::StatusOr<RootfsPlan> BuildRootfsPlan(const oci::Spec& spec,
                                           const BuildInputs& inputs);

// Whether the host's `id` is one of those that `map` maps onto.
bool OwnsHostId(const IdMap& map, uint32_t id);

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_ROOTFS_PLAN_H_
