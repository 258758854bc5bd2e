// What can be done to a container that exists: start, kill, delete, pause,
// resume, update, list. One function per OCI command; texts and conditions
// follow runc's, which container managers match.
#ifndef SYSBOX_RUNTIME_LIFECYCLE_H_
#define SYSBOX_RUNTIME_LIFECYCLE_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/api/manager.h"
#include "sysbox/oci/spec.h"
#include "sysbox/oci/state.h"
#include "sysbox/runtime/container.h"

namespace sysbox::runtime {

// Releases init, then runs the poststart hooks (a failure of theirs is only
// logged, as the OCI spec has it). The manager is asked only for what its
// network needs (resolv_conf.h).
absl::Status StartContainer(Container& container, api::Manager& manager);

// Signals init, or with `all` every process of the container. "container not
// running" when there is nothing to signal.
absl::Status KillContainer(const Container& container, int signal, bool all);

// Removes a stopped or created container: processes, cgroup, registration,
// state, then the poststop hooks. A running one only with `force`.
absl::Status DeleteContainer(Container& container, bool force,
                             api::Manager& manager);

absl::Status PauseContainer(const Container& container);
absl::Status ResumeContainer(const Container& container);

// Sets what `resources` holds and records it in the state.
absl::Status UpdateContainer(Container& container,
                             const oci::Resources& resources);

// Every container below `root`. One that vanishes meanwhile is left out.
absl::StatusOr<std::vector<oci::ContainerSummary>> ListContainers(
    const std::string& root);

// Host pids, sorted.
absl::StatusOr<std::vector<pid_t>> ContainerProcesses(
    const Container& container);

}  // namespace sysbox::runtime

#endif  // SYSBOX_RUNTIME_LIFECYCLE_H_
