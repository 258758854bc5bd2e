// `sysbox exec` and `sysbox stop`: what a person does with a container that
// `sysbox run` has started. Docker's containers are Docker's to ask.
#ifndef SYSBOX_CLI_BOX_EXEC_H_
#define SYSBOX_CLI_BOX_EXEC_H_

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/cli/command_table.h"

namespace sysbox::cli {

absl::Span<const FlagSpec> BoxExecFlags();
// The program's exit code.
absl::StatusOr<int> RunBoxExec(const Invocation& invocation);

absl::Span<const FlagSpec> BoxStopFlags();
// Returns when all have ended.
absl::StatusOr<int> RunBoxStop(const Invocation& invocation);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_BOX_EXEC_H_
