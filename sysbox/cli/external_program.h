// The host's own programs, which install and uninstall call.
#ifndef SYSBOX_CLI_EXTERNAL_PROGRAM_H_
#define SYSBOX_CLI_EXTERNAL_PROGRAM_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace sysbox::cli {

// The path of `name` in the system's directories; "" if it is in none.
std::string FindProgram(std::string_view name);

// Runs `words[0]` (searched for as above) with the rest. Any other end than
// success is an error with its last words. At most two minutes.
absl::Status RunProgram(const std::vector<std::string>& words);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_EXTERNAL_PROGRAM_H_
