// `features`: what this runtime supports, as JSON (runtime-spec features.md).
#ifndef SYSBOX_CLI_FEATURES_COMMAND_H_
#define SYSBOX_CLI_FEATURES_COMMAND_H_

#include "absl/status/statusor.h"
#include "sysbox/cli/command_table.h"
#include "sysbox/oci/features.h"

namespace sysbox::cli {

oci::Features OwnFeatures();
absl::StatusOr<int> RunFeatures(const Invocation& invocation);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_FEATURES_COMMAND_H_
