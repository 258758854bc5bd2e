// What the host does to a process that starts in a container, whether pid 1
// or an exec's: limits, OOM score, standard streams, terminal. Stage 0.
#ifndef SYSBOX_LAUNCH_HOST_SIDE_H_
#define SYSBOX_LAUNCH_HOST_SIDE_H_

#include <sys/types.h>

#include "absl/status/statusor.h"
#include "sysbox/ids/id_range.h"
#include "sysbox/launch/launch_plan.h"
#include "sysbox/launch/launcher.h"
#include "sysbox/launch/sync.h"
#include "sysbox/linux/fd.h"

namespace sysbox::launch {

// prlimit(2) of every limit; by the host's root, which may raise hard ones.
absl::Status SetLimits(const ProcessPlan& plan, pid_t pid);

// -999 first, as far as the host's capabilities go, so that the container may
// lower its processes' scores down to that (user guide, "Out-of-Memory Score
// Adjustment"); then the configured value.
absl::Status AdjustOomScore(const ProcessPlan& plan, pid_t pid);

// The clocks of the time namespace that init has made and is not in yet, of
// which SetsClocks (time_namespaces(7)).
absl::Status SetClocks(const LaunchPlan& plan, pid_t init);

// Pipes that we hand on as standard streams become the user's, so that
// /dev/stdout can be opened again inside. Files and terminals of the host keep
// their owner.
absl::Status GiveStandardStreams(const ProcessPlan& plan, const IdMaps& maps);

// With a terminal: takes kTerminal and passes the master on to the console
// socket, or returns it when there is none.
absl::StatusOr<Fd> AwaitTerminal(const ProcessPlan& plan, const LaunchFds& fds,
                                 SyncChannel& channel);

// Awaits kPrepared and gives the listener that may ride in it to
// `callbacks`.
absl::Status AwaitPrepared(const LaunchCallbacks& callbacks,
                           SyncChannel& channel);

}  // namespace sysbox::launch

#endif  // SYSBOX_LAUNCH_HOST_SIDE_H_
