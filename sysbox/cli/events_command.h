// `events`.
#ifndef SYSBOX_CLI_EVENTS_COMMAND_H_
#define SYSBOX_CLI_EVENTS_COMMAND_H_

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/cli/command_table.h"

namespace sysbox::cli {

absl::Span<const FlagSpec> EventsFlags();
absl::StatusOr<int> RunEvents(const Invocation& invocation);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_EVENTS_COMMAND_H_
