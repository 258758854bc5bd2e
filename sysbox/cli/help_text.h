// Help, made from the tables. Pure.
#ifndef SYSBOX_CLI_HELP_TEXT_H_
#define SYSBOX_CLI_HELP_TEXT_H_

#include <string>

#include "sysbox/cli/command_table.h"

namespace sysbox::cli {

// Usage, what it is, commands, global flags.
std::string ProgramHelp(const ProgramSpec& program);
// Usage, what it does, flags.
std::string CommandHelp(const ProgramSpec& program, const CommandSpec& command);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_HELP_TEXT_H_
