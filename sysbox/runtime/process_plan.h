// An OCI process (of a converted spec) as the plan launch/ carries out: names
// become numbers, profiles become programs. No side effects.
#ifndef SYSBOX_RUNTIME_PROCESS_PLAN_H_
#define SYSBOX_RUNTIME_PROCESS_PLAN_H_

#include <optional>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/launch/launch_plan.h"
#include "sysbox/oci/spec.h"
#include "sysbox/seccomp/override.h"

namespace sysbox::runtime {

struct ProcessPlanInputs {
  const oci::Process& process;
  const std::optional<oci::Seccomp>& seccomp;
  const std::optional<oci::Personality>& personality;
  bool new_session_keyring = true;
  int preserve_fds = 0;
  // Calls to trap over and above the profile, or without one.
  absl::Span<const seccomp::Override> traps = {};
};

// Errors name the field of config.json. Capabilities that this kernel does not
// know are left out, as the OCI spec asks.
absl::StatusOr<launch::ProcessPlan> BuildProcessPlan(
    const ProcessPlanInputs& inputs);

}  // namespace sysbox::runtime

#endif  // SYSBOX_RUNTIME_PROCESS_PLAN_H_
