// Which of a container's new namespaces its init is cloned into, and which it
// makes itself once it is the container's root. What it makes itself is that
// root's own from the first file on (mqueue's), and takes the launcher, who is
// making the mounts meanwhile, no time. Pure.
#ifndef SYSBOX_LAUNCH_NAMESPACE_FLAGS_H_
#define SYSBOX_LAUNCH_NAMESPACE_FLAGS_H_

#include <cstdint>

#include "sysbox/launch/launch_plan.h"

namespace sysbox::launch {

// CLONE_NEW* flags.
uint64_t InitCloneFlags(const LaunchPlan& plan);
uint64_t InitUnshareFlags(const LaunchPlan& plan);
bool MakesNew(const LaunchPlan& plan, NamespaceType type);
// Its new time namespace's clocks are set, which must be before anybody is in
// it: init makes that one itself as well, and enters it later.
bool SetsClocks(const LaunchPlan& plan);

}  // namespace sysbox::launch

#endif  // SYSBOX_LAUNCH_NAMESPACE_FLAGS_H_
