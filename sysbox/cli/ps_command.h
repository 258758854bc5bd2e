// `ps`: the container's processes, as the host's ps(1) shows them.
#ifndef SYSBOX_CLI_PS_COMMAND_H_
#define SYSBOX_CLI_PS_COMMAND_H_

#include <sys/types.h>

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/cli/command_table.h"

namespace sysbox::cli {

absl::Span<const FlagSpec> PsFlags();
absl::StatusOr<int> RunPs(const Invocation& invocation);

// The header and those lines of ps(1)'s output whose column PID is one of
// `pids` (sorted).
absl::StatusOr<std::string> SelectProcesses(std::string_view ps_output,
                                            absl::Span<const pid_t> pids);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_PS_COMMAND_H_
