#include "sysbox/launch/namespace_flags.h"

#include <algorithm>

namespace sysbox::launch {
namespace {

bool StartsIn(NamespaceType type) {
  switch (type) {
    case NamespaceType::kUser:  // owns all the others
    case NamespaceType::kPid:   // these two are for children only
    case NamespaceType::kTime:
      return true;
    default:
      return false;
  }
}

uint64_t Flags(const LaunchPlan& plan, bool starts_in) {
  uint64_t flags = 0;
  for (NamespaceType type : plan.new_namespaces) {
    // Its offsets are set before anybody is in it: see MakeTimeNamespace.
    if (type == NamespaceType::kTime && !plan.time_offsets.empty()) continue;
    if (StartsIn(type) == starts_in) flags |= CloneFlag(type);
  }
  return flags;
}

}  // namespace

bool MakesNew(const LaunchPlan& plan, NamespaceType type) {
  return std::find(plan.new_namespaces.begin(), plan.new_namespaces.end(),
                   type) != plan.new_namespaces.end();
}

uint64_t InitCloneFlags(const LaunchPlan& plan) {
  return Flags(plan, /*starts_in=*/true);
}

uint64_t InitUnshareFlags(const LaunchPlan& plan) {
  return Flags(plan, /*starts_in=*/false);
}

}  // namespace sysbox::launch
