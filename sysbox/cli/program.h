// The one way a program of commands is run.
#ifndef SYSBOX_CLI_PROGRAM_H_
#define SYSBOX_CLI_PROGRAM_H_

#include <string>
#include <string_view>

#include "absl/types/span.h"
#include "sysbox/cli/command_table.h"

namespace sysbox::cli {

// Parses `arguments` (without the program's name), runs the command, reports
// its error. Returns the exit code.
int RunProgram(const ProgramSpec& program,
               absl::Span<const std::string> arguments);

// nullptr if there is no such command.
const CommandSpec* FindCommand(const ProgramSpec& program,
                               std::string_view name);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_PROGRAM_H_
