#include "sysbox/mounts/mount_attributes.h"

#include <sys/mount.h>

#include <vector>

#include "sysbox/base/status.h"
#include "sysbox/linux/mount.h"

namespace sysbox::mounts {
namespace {

struct Step {
  MountAttributes attributes;
  bool recursive = false;
};

bool SaysNothing(const MountAttributes& attributes) {
  return attributes.set == 0 && attributes.clear == 0 &&
         attributes.propagation == 0;
}

// Appends, or joins with the last step if that reaches as far and the order
// of propagation stays.
void Add(std::vector<Step>& steps, const Step& step) {
  if (SaysNothing(step.attributes)) return;
  if (!steps.empty() && steps.back().recursive == step.recursive &&
      steps.back().attributes.propagation == 0) {
    MountAttributes& last = steps.back().attributes;
    last.set |= step.attributes.set;
    last.clear |= step.attributes.clear;
    last.propagation = step.attributes.propagation;
    return;
  }
  steps.push_back(step);
}

// Whether propagation waits until a locked mount has arrived.
bool IsLate(const MountOp& op, uint64_t flags) {
  return op.locked && (flags & (MS_SHARED | MS_UNBINDABLE)) != 0;
}

void AddPropagation(std::vector<Step>& steps, const MountOp& op, bool late) {
  for (uint64_t flags : op.propagation) {
    if (IsLate(op, flags) != late) continue;
    const bool recursive = op.recursive && (flags & MS_REC) != 0;
    Add(steps,
        {{.set = 0, .clear = 0, .propagation = flags & ~uint64_t{MS_REC}},
         recursive});
  }
}

absl::Status Take(const std::vector<Step>& steps, FdRef mount) {
  for (const Step& step : steps) {
    SYSBOX_RETURN_IF_ERROR(
        SetMountAttributes(mount, step.attributes, step.recursive));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ApplyAttributes(FdRef mount, const MountOp& op) {
  std::vector<Step> steps;
  // A single mount has nothing to recurse into.
  Add(steps, {op.attributes, false});
  Add(steps, {op.recursive_attributes, op.recursive});
  AddPropagation(steps, op, /*late=*/false);
  return Take(steps, mount);
}

absl::Status SetPropagation(FdRef mount, const MountOp& op) {
  std::vector<Step> steps;
  AddPropagation(steps, op, /*late=*/true);
  return Take(steps, mount);
}

}  // namespace sysbox::mounts
