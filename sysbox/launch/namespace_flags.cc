#include "sysbox/launch/namespace_flags.h"

namespace sysbox::launch {
namespace {

bool StartsIn(NamespaceType type, bool rooted_cgroup) {
  switch (type) {
    case NamespaceType::kUser:  // owns all the others
    case NamespaceType::kPid:   // these two are for children only
    case NamespaceType::kTime:
      return true;
    case NamespaceType::kCgroup:
      return rooted_cgroup;
    default:
      return false;
  }
}

uint64_t Flags(const LaunchPlan& plan, bool rooted_cgroup, bool starts_in) {
  uint64_t flags = 0;
  for (NamespaceType type : plan.new_namespaces) {
    // Its offsets are set before anybody is in it: see MakeTimeNamespace.
    if (type == NamespaceType::kTime && !plan.time_offsets.empty()) continue;
    if (StartsIn(type, rooted_cgroup) == starts_in) flags |= CloneFlag(type);
  }
  return flags;
}

}  // namespace

uint64_t InitCloneFlags(const LaunchPlan& plan, bool rooted_cgroup) {
  return Flags(plan, rooted_cgroup, /*starts_in=*/true);
}

uint64_t InitUnshareFlags(const LaunchPlan& plan, bool rooted_cgroup) {
  return Flags(plan, rooted_cgroup, /*starts_in=*/false);
}

}  // namespace sysbox::launch
