// The bundle for createContainer's hooks. They run as the container's root, who
// is nobody on the host: where he cannot walk to config.json, or to the rootfs
// that it names (Docker's), both are shown to him at their paths. That is in
// init's mount namespace alone, and over with pivot_root.
#ifndef SYSBOX_LAUNCH_INIT_BUNDLE_H_
#define SYSBOX_LAUNCH_INIT_BUNDLE_H_

#include "absl/status/status.h"
#include "sysbox/launch/launch_plan.h"

namespace sysbox::launch {

// As container root, in its mount namespace, before the rootfs is attached.
// Changes into the rootfs's directory if it has to be made.
absl::Status ShowBundle(const LaunchPlan& plan);

}  // namespace sysbox::launch

#endif  // SYSBOX_LAUNCH_INIT_BUNDLE_H_
