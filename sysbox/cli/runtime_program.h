// `sysbox-runc`: the OCI runtime's command line, which is runc's.
#ifndef SYSBOX_CLI_RUNTIME_PROGRAM_H_
#define SYSBOX_CLI_RUNTIME_PROGRAM_H_

#include "sysbox/cli/command_table.h"

namespace sysbox::cli {

const ProgramSpec& RuntimeProgram();

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_RUNTIME_PROGRAM_H_
