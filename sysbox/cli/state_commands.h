// Commands about an existing container that need no more than its state:
// `state`, `list`, `kill`, `delete`, `pause`, `resume`.
#ifndef SYSBOX_CLI_STATE_COMMANDS_H_
#define SYSBOX_CLI_STATE_COMMANDS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/cli/command_table.h"
#include "sysbox/oci/state.h"

namespace sysbox::cli {

absl::Span<const FlagSpec> ListFlags();
absl::Span<const FlagSpec> KillFlags();
absl::Span<const FlagSpec> DeleteFlags();

absl::StatusOr<int> RunState(const Invocation& invocation);
absl::StatusOr<int> RunList(const Invocation& invocation);
absl::StatusOr<int> RunKill(const Invocation& invocation);
absl::StatusOr<int> RunDelete(const Invocation& invocation);
absl::StatusOr<int> RunPause(const Invocation& invocation);
absl::StatusOr<int> RunResume(const Invocation& invocation);

// `list` as a table, like runc's.
std::string ListTable(const std::vector<oci::ContainerSummary>& containers);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_STATE_COMMANDS_H_
