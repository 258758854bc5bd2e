// `update`.
#ifndef SYSBOX_CLI_UPDATE_COMMAND_H_
#define SYSBOX_CLI_UPDATE_COMMAND_H_

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/cli/command_table.h"

namespace sysbox::cli {

absl::Span<const FlagSpec> UpdateFlags();
absl::StatusOr<int> RunUpdate(const Invocation& invocation);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_UPDATE_COMMAND_H_
