// What is in a container's /dev. Pure.
#ifndef SYSBOX_MOUNTS_DEV_PLAN_H_
#define SYSBOX_MOUNTS_DEV_PLAN_H_

#include <string_view>

#include "absl/status/status.h"
#include "sysbox/mounts/build.h"
#include "sysbox/mounts/mount_plan.h"
#include "sysbox/oci/spec.h"

namespace sysbox::mounts {

// runtime-spec config-linux.md "Default Devices", the symlinks runc makes, and
// linux.devices. /dev/console is the launcher's.
absl::Status FillDev(const oci::Spec& spec, const BuildInputs& inputs,
                     MountOp& dev);

// A node that swallows what is written to it, whatever its name is.
DeviceNode NullNode(std::string_view path);

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_DEV_PLAN_H_
