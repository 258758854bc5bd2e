// `sysbox`: what people type, and the roles of the one binary.
#ifndef SYSBOX_CLI_SYSBOX_PROGRAM_H_
#define SYSBOX_CLI_SYSBOX_PROGRAM_H_

#include <string>

#include "absl/types/span.h"
#include "sysbox/cli/command_table.h"

namespace sysbox::cli {

const ProgramSpec& SysboxProgram();

// Picks the role by the name the binary was called by ("sysbox-runc"), else
// by its first argument, and plays it. `arguments` has that name in front.
// Returns the exit code.
int RunSysbox(absl::Span<const std::string> arguments);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_SYSBOX_PROGRAM_H_
