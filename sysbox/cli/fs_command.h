// `fs`: what containers are served, and the fs role alone in the foreground.
#ifndef SYSBOX_CLI_FS_COMMAND_H_
#define SYSBOX_CLI_FS_COMMAND_H_

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/cli/command_table.h"

namespace sysbox::cli {

// Those of the server it replaces, sysbox-fs, included.
absl::Span<const FlagSpec> FsFlags();

// `fs ls ID PATH`, `fs cat ID PATH`, or without operands the role.
absl::StatusOr<int> RunFs(const Invocation& invocation);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_FS_COMMAND_H_
