// `spec`: writes a config.json to begin with.
#ifndef SYSBOX_CLI_SPEC_COMMAND_H_
#define SYSBOX_CLI_SPEC_COMMAND_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/cli/command_table.h"

namespace sysbox::cli {

absl::Span<const FlagSpec> SpecFlags();
absl::StatusOr<int> RunSpec(const Invocation& invocation);

// Names of the capabilities that this process could give on.
absl::StatusOr<std::vector<std::string>> OwnCapabilityNames();

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_SPEC_COMMAND_H_
