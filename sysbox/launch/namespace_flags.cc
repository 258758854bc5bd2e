#include "sysbox/launch/namespace_flags.h"

#include <algorithm>

namespace sysbox::launch {
namespace {

bool StartsIn(const LaunchPlan& plan, NamespaceType type) {
  switch (type) {
    case NamespaceType::kUser:  // owns all the others
    case NamespaceType::kPid:   // these two are for children only
      return true;
    case NamespaceType::kTime:
      return !SetsClocks(plan);
    default:
      return false;
  }
}

uint64_t Flags(const LaunchPlan& plan, bool starts_in) {
  uint64_t flags = 0;
  for (NamespaceType type : plan.new_namespaces) {
    if (StartsIn(plan, type) == starts_in) flags |= CloneFlag(type);
  }
  return flags;
}

}  // namespace

bool MakesNew(const LaunchPlan& plan, NamespaceType type) {
  return std::find(plan.new_namespaces.begin(), plan.new_namespaces.end(),
                   type) != plan.new_namespaces.end();
}

bool SetsClocks(const LaunchPlan& plan) {
  return MakesNew(plan, NamespaceType::kTime) &&
         (plan.fresh_boot_clock || !plan.time_offsets.empty());
}

uint64_t InitCloneFlags(const LaunchPlan& plan) {
  return Flags(plan, /*starts_in=*/true);
}

uint64_t InitUnshareFlags(const LaunchPlan& plan) {
  return Flags(plan, /*starts_in=*/false);
}

}  // namespace sysbox::launch
