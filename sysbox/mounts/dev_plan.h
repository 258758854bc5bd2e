// What is in a container's /dev. Pure.
#ifndef SYSBOX_MOUNTS_DEV_PLAN_H_
#define SYSBOX_MOUNTS_DEV_PLAN_H_

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sysbox/mounts/build.h"
#include "sysbox/mounts/mount_plan.h"
#include "sysbox/oci/spec.h"

namespace sysbox::mounts {

// runtime-spec config-linux.md "Default Devices", the symlinks runc makes, and
// linux.devices. /dev/console is the launcher's.
absl::Status FillDev(const oci::Spec& spec, const BuildInputs& inputs,
                     MountOp& dev);

// linux.devices elsewhere: binds of the host's nodes of those names, as runc
// has them in a user namespace, for nobody can make a node in the rootfs; to
// come after all mounts. Whether they are the wanted devices the launcher
// checks.
absl::StatusOr<std::vector<MountOp>> DevicesOutsideDev(
    const oci::Spec& spec, const BuildInputs& inputs);

// A node that swallows what is written to it, whatever its name is.
DeviceNode NullNode(std::string_view path);

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_DEV_PLAN_H_
