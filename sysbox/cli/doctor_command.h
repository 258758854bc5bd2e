// `sysbox doctor`: what this host can do.
#ifndef SYSBOX_CLI_DOCTOR_COMMAND_H_
#define SYSBOX_CLI_DOCTOR_COMMAND_H_

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/cli/command_table.h"

namespace sysbox::cli {

absl::Span<const FlagSpec> DoctorFlags();
// 1 if containers cannot run here.
absl::StatusOr<int> RunDoctor(const Invocation& invocation);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_DOCTOR_COMMAND_H_
