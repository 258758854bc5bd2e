// A converted spec and what the manager granted → a LaunchPlan. The last pure
// step before anything is made (architecture 2, step 3).
#ifndef SYSBOX_RUNTIME_LAUNCH_PLAN_BUILDER_H_
#define SYSBOX_RUNTIME_LAUNCH_PLAN_BUILDER_H_

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/api/manager.h"
#include "sysbox/launch/launch_plan.h"
#include "sysbox/mounts/mount_plan.h"
#include "sysbox/oci/spec.h"
#include "sysbox/seccomp/override.h"

namespace sysbox::runtime {

struct LaunchPlanInputs {
  const oci::Spec& spec;  // converted; has process and linux
  const api::Registered& registered;
  mounts::MountPlan mounts;
  std::string id;
  launch::Bundle bundle;
  bool new_session_keyring = true;
  int preserve_fds = 0;
  bool system_container = true;
  absl::Span<const seccomp::Override> traps = {};
  bool network_of_host = false;  // launch/host_network.h
};

absl::StatusOr<launch::LaunchPlan> BuildLaunchPlan(LaunchPlanInputs inputs);

}  // namespace sysbox::runtime

#endif  // SYSBOX_RUNTIME_LAUNCH_PLAN_BUILDER_H_
