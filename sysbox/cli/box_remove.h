// `sysbox rm`, and what `sysbox run` does about a container of the name it
// wants.
#ifndef SYSBOX_CLI_BOX_REMOVE_H_
#define SYSBOX_CLI_BOX_REMOVE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/cli/command_table.h"

namespace sysbox::cli {

// Removes container `name` of the state directory `root`, if there is one.
// FailedPrecondition if it still runs and `force` is not set.
absl::Status RemoveBox(const std::string& root, const std::string& name,
                       bool force);

absl::Span<const FlagSpec> BoxRemoveFlags();
absl::StatusOr<int> RunBoxRemove(const Invocation& invocation);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_BOX_REMOVE_H_
