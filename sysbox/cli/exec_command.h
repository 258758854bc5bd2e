// `exec`.
#ifndef SYSBOX_CLI_EXEC_COMMAND_H_
#define SYSBOX_CLI_EXEC_COMMAND_H_

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/cli/command_table.h"

namespace sysbox::cli {

absl::Span<const FlagSpec> ExecFlags();

// The program's exit code; 0 with --detach. Errors begin with "exec failed: ",
// as runc's, and end the process with 255.
absl::StatusOr<int> RunExec(const Invocation& invocation);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_EXEC_COMMAND_H_
