#include "sysbox/runtime/process_plan.h"

#include <linux/seccomp.h>
#include <sys/personality.h>

#include <string>
#include <vector>

#include "sysbox/base/status.h"
#include "sysbox/linux/capabilities.h"
#include "sysbox/linux/process_attributes.h"
#include "sysbox/seccomp/profile.h"

namespace sysbox::runtime {
namespace {

CapabilitySet SetOf(const std::vector<std::string>& names,
                    CapabilitySet known) {
  CapabilitySet set = 0;
  for (const std::string& name : names) {
    std::optional<int> number = CapabilityNumber(name);
    if (number.has_value()) set |= CapabilitySet{1} << *number;
  }
  return set & known;
}

absl::StatusOr<CapabilitySets> SetsOf(
    const std::optional<oci::Capabilities>& names) {
  CapabilitySets sets;
  if (!names.has_value()) return sets;
  SYSBOX_ASSIGN_OR_RETURN(CapabilitySet known, AllCapabilities());
  sets.bounding = SetOf(names->bounding, known);
  sets.permitted = SetOf(names->permitted, known);
  sets.effective = SetOf(names->effective, known) & sets.permitted;
  // The kernel refuses more than this, and runc leaves it out silently.
  sets.inheritable = SetOf(names->inheritable, known) & sets.bounding;
  sets.ambient =
      SetOf(names->ambient, known) & sets.permitted & sets.inheritable;
  return sets;
}

absl::StatusOr<std::vector<launch::ResourceLimit>> LimitsOf(
    const std::vector<oci::Rlimit>& rlimits) {
  std::vector<launch::ResourceLimit> limits;
  for (size_t i = 0; i < rlimits.size(); ++i) {
    std::optional<int> number = ResourceNumber(rlimits[i].type);
    if (!number.has_value()) {
      return InvalidArgument("process.rlimits[{}].type: unknown value \"{}\"",
                             i, rlimits[i].type);
    }
    limits.push_back({*number, rlimits[i].soft, rlimits[i].hard});
  }
  return limits;
}

absl::StatusOr<std::optional<unsigned long>> PersonalityOf(
    const std::optional<oci::Personality>& personality) {
  if (!personality.has_value()) return std::nullopt;
  if (personality->domain == "LINUX") return PER_LINUX;
  if (personality->domain == "LINUX32") return PER_LINUX32;
  return InvalidArgument("linux.personality.domain: unknown value \"{}\"",
                         personality->domain);
}

}  // namespace

absl::StatusOr<launch::ProcessPlan> BuildProcessPlan(
    const ProcessPlanInputs& inputs) {
  const oci::Process& process = inputs.process;
  launch::ProcessPlan plan;
  plan.args = process.args;
  plan.env = process.env;
  plan.cwd = process.cwd;
  plan.uid = process.user.uid;
  plan.gid = process.user.gid;
  plan.groups.assign(process.user.additional_gids.begin(),
                     process.user.additional_gids.end());
  plan.umask = process.user.umask;
  SYSBOX_ASSIGN_OR_RETURN(plan.capabilities, SetsOf(process.capabilities));
  plan.no_new_privileges = process.no_new_privileges;
  SYSBOX_ASSIGN_OR_RETURN(plan.limits, LimitsOf(process.rlimits));
  plan.oom_score_adj = process.oom_score_adj;
  if (inputs.seccomp.has_value() || !inputs.traps.empty()) {
    SYSBOX_ASSIGN_OR_RETURN(
        seccomp::Program program,
        seccomp::CompileProfile(
            inputs.seccomp.value_or(seccomp::UnconfinedProfile()),
            "linux.seccomp", inputs.traps));
    plan.seccomp_program = std::move(program.instructions);
    plan.seccomp_flags = program.flags;
    // Go's runtime signals its threads all the time: a call that was received
    // must not be answered in vain and made again.
    if (!inputs.traps.empty()) {
      plan.seccomp_flags |= SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
    }
  }
  plan.apparmor_profile = process.apparmor_profile;
  plan.selinux_label = process.selinux_label;
  SYSBOX_ASSIGN_OR_RETURN(plan.personality, PersonalityOf(inputs.personality));
  plan.new_session_keyring = inputs.new_session_keyring;
  plan.terminal = process.terminal;
  if (process.console_size.has_value()) {
    plan.terminal_rows = static_cast<uint16_t>(process.console_size->height);
    plan.terminal_columns = static_cast<uint16_t>(process.console_size->width);
  }
  plan.preserve_fds = inputs.preserve_fds;
  return plan;
}

}  // namespace sysbox::runtime
