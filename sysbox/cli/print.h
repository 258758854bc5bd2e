// Standard output.
#ifndef SYSBOX_CLI_PRINT_H_
#define SYSBOX_CLI_PRINT_H_

#include <string_view>

#include "absl/status/status.h"

namespace sysbox::cli {

// An error is worth an exit code: whoever reads the output would miss some.
absl::Status Print(std::string_view text);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_PRINT_H_
