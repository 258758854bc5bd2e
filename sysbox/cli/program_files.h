// The program's own files on the host: PREFIX/bin/sysbox, the names it is
// also called by, and a list of what was put there, so that exactly that is
// taken away again.
#ifndef SYSBOX_CLI_PROGRAM_FILES_H_
#define SYSBOX_CLI_PROGRAM_FILES_H_

#include <string>

#include "absl/status/statusor.h"
#include "sysbox/cli/steps.h"

namespace sysbox::cli {

// PREFIX/bin/sysbox, PREFIX/bin/sysbox-runc.
std::string ProgramPathBelow(const std::string& prefix);
std::string RuntimePathBelow(const std::string& prefix);

// Copies the running program there, unless it is there already, and makes the
// symbolic links. What has one of those names and is not ours is an error.
// True: the program there is (or, in a dry run, would be) another than before.
absl::StatusOr<bool> InstallProgramFiles(const std::string& prefix,
                                         const Steps& steps);

// Removes what InstallProgramFiles made.
absl::Status RemoveProgramFiles(const std::string& prefix, const Steps& steps);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_PROGRAM_FILES_H_
