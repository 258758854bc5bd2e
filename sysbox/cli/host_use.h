// Who uses Sysbox on this host now: what `uninstall` must not take away from
// under a container or a daemon.
#ifndef SYSBOX_CLI_HOST_USE_H_
#define SYSBOX_CLI_HOST_USE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sysbox/cli/steps.h"

namespace sysbox::cli {

// Ids, sorted, of containers that have processes: those of the daemon or of
// its journal, and those of the runtime's default root. Makes nothing.
absl::StatusOr<std::vector<std::string>> RunningContainers();

// True unless it is certain that nobody listens on the daemon's socket.
bool DaemonListens();

// Takes /run/sysbox away, and /run/sysbox-runc if nothing is left in it.
// `user` is who needs them ("a daemon"): if not empty, they are kept, and that
// is said. A daemon that listens nevertheless is FailedPrecondition.
absl::Status RemoveRunDirectories(const std::string& user, const Steps& steps);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_HOST_USE_H_
