// Small experiments that `sysbox doctor` makes on the kernel: in a child, or
// with mounts attached nowhere. Nothing outlives a call.
#ifndef SYSBOX_CLI_DOCTOR_TRIAL_H_
#define SYSBOX_CLI_DOCTOR_TRIAL_H_

#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "sysbox/ids/id_range.h"
#include "sysbox/linux/fd.h"

namespace sysbox::cli {

// Ids of nobody's, for a namespace in which nothing stays.
inline constexpr IdRange kProbeIds = {.first = 0x7fff0000, .size = 65536};

// A user namespace with container ids 0..65535 mapped onto kProbeIds.
absl::StatusOr<Fd> MakeProbeUserNamespace();

// Runs `body` in a child made with `clone_flags` (CLONE_NEW*) and returns its
// errno as status; its text is lost.
absl::Status TryInChild(uint64_t clone_flags,
                        absl::FunctionRef<absl::Status()> body);

// The directory itself, or the nearest one above it that exists.
std::string NearestDirectory(std::string path);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_DOCTOR_TRIAL_H_
