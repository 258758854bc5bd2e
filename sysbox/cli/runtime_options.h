// The runtime's global options, as read from its global flags: where state is
// kept, which manager to use, which cgroup driver.
#ifndef SYSBOX_CLI_RUNTIME_OPTIONS_H_
#define SYSBOX_CLI_RUNTIME_OPTIONS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/cli/command_table.h"
#include "sysbox/cli/parse_flags.h"

namespace sysbox::cli {

struct RuntimeOptions {
  std::string root = "/run/sysbox-runc";
  bool systemd_cgroup = false;
  bool no_manager = false;
  bool no_emulation = false;
  bool skip_kernel_check = false;
  std::string manager_socket = "/run/sysbox/sysbox.sock";
  std::string data_root = "/var/lib/sysbox";  // of an embedded manager
};

absl::Span<const FlagSpec> RuntimeGlobalFlags();
absl::StatusOr<RuntimeOptions> RuntimeOptionsOf(const FlagValues& globals);

// `--preserve-fds N`: the descriptors from 3 + `before` up must have been
// passed to this process, lest one of its own takes the place of a missing one.
absl::StatusOr<int> PreserveFdsOf(int64_t count, int before);

// Sends the log where the global flags say.
absl::Status ConfigureRuntimeLog(const FlagValues& globals);
// To the log as an error, which is what container managers read; and as plain
// text to standard error if the log is elsewhere.
void ReportRuntimeError(const FlagValues& globals, std::string_view message);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_RUNTIME_OPTIONS_H_
