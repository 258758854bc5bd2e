// What a person does with containers: `run`, `ps`, `inspect`.
#ifndef SYSBOX_CLI_BOX_COMMANDS_H_
#define SYSBOX_CLI_BOX_COMMANDS_H_

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/cli/command_table.h"

namespace sysbox::cli {

absl::Span<const FlagSpec> BoxRunFlags();
// For `ps` and `inspect`.
absl::Span<const FlagSpec> BoxPlaceFlags();

absl::StatusOr<int> RunBox(const Invocation& invocation);
absl::StatusOr<int> RunBoxPs(const Invocation& invocation);
absl::StatusOr<int> RunBoxInspect(const Invocation& invocation);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_BOX_COMMANDS_H_
