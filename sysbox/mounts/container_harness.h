// Test-only: carries a MountPlan out as launcher and init would, on the real
// kernel, and runs a piece of a test inside. Nothing outlives the call.
#ifndef SYSBOX_MOUNTS_CONTAINER_HARNESS_H_
#define SYSBOX_MOUNTS_CONTAINER_HARNESS_H_

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "sysbox/ids/id_range.h"
#include "sysbox/linux/mount.h"
#include "sysbox/mounts/locking_stage.h"
#include "sysbox/mounts/mount_plan.h"
#include "sysbox/testing/user_namespace.h"

namespace sysbox::mounts {

// The maps of the harness's containers.
inline IdMaps HarnessMaps() {
  const IdMap map =
      MapOnto({.first = testing::kHostIdBase, .size = testing::kHostIdCount});
  return {map, map};
}

struct HarnessOptions {
  // The static and the live filesystem, if the plan has such ops.
  std::vector<DetachedMount> emulated;
  LockingStage::Method lock_by = LockingStage::Method::kDetached;
};
// `inside` runs as pid 1 and root of all new namespaces, in the new root.
absl::Status RunInContainer(const MountPlan& plan,
                            absl::FunctionRef<absl::Status()> inside,
                            HarnessOptions options = {});

// A plan for the directory `rootfs`, id-mapped, without further mounts.
MountPlan PlainPlan(const std::string& rootfs);
// An id-mapped, private rbind.
MountOp Bind(const std::string& source, const std::string& target);
// A kMask or kReadonly op.
MountOp Hidden(MountOp::Kind kind, const std::string& target);

// Ops for /proc, /sys, /sys/fs/cgroup, /dev and /dev/pts, as Docker asks.
void AddBaseOps(MountPlan& plan);

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_CONTAINER_HARNESS_H_
