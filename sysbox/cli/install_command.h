// `install` and `uninstall`: the program's files, its ids, and its entry in
// Docker's configuration.
#ifndef SYSBOX_CLI_INSTALL_COMMAND_H_
#define SYSBOX_CLI_INSTALL_COMMAND_H_

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/cli/command_table.h"

namespace sysbox::cli {

absl::Span<const FlagSpec> InstallFlags();
absl::Span<const FlagSpec> UninstallFlags();
absl::StatusOr<int> RunInstall(const Invocation& invocation);
absl::StatusOr<int> RunUninstall(const Invocation& invocation);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_INSTALL_COMMAND_H_
