// `daemon` and `mgr`: the manager as a service in the foreground.
#ifndef SYSBOX_CLI_DAEMON_COMMAND_H_
#define SYSBOX_CLI_DAEMON_COMMAND_H_

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/cli/command_table.h"
#include "sysbox/mgr/daemon.h"

namespace sysbox::cli {

absl::Span<const FlagSpec> DaemonFlags();
// Those of the manager it replaces, sysbox-mgr, included.
absl::Span<const FlagSpec> ManagerFlags();

absl::StatusOr<int> RunDaemon(const Invocation& invocation);

// Pure but for $NOTIFY_SOCKET.
absl::StatusOr<mgr::DaemonOptions> DaemonOptionsOf(const FlagValues& flags);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_DAEMON_COMMAND_H_
