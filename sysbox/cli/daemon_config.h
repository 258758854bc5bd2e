// /etc/sysbox/config.json: the daemon's flags as an object, for those that
// were not given on the command line. Pure.
//
//   {"log-level": "debug", "honor-caps": true}
#ifndef SYSBOX_CLI_DAEMON_CONFIG_H_
#define SYSBOX_CLI_DAEMON_CONFIG_H_

#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "sysbox/cli/parse_flags.h"

namespace sysbox::cli {

// Adds the values of `text` to `values`, unless they have that flag already.
// A key that is no flag, or a value that is not of its kind, is
// InvalidArgument.
absl::Status AddConfig(absl::Span<const FlagSpec> flags, std::string_view text,
                       FlagValues* values);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_DAEMON_CONFIG_H_
