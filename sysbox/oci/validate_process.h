// The `process` object of config.json, also alone as `exec --process` has it.
#ifndef SYSBOX_OCI_VALIDATE_PROCESS_H_
#define SYSBOX_OCI_VALIDATE_PROCESS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "sysbox/oci/spec.h"

namespace sysbox::oci {

// The first thing wrong, as InvalidArgument: "process.cwd: …".
absl::Status ValidateProcess(const Process& process);

// Drops capabilities that have no known name, as runc does with a warning;
// returns the warnings.
std::vector<std::string> NormalizeProcess(Process& process);

// "<field>[i]: not of the form NAME=value" for the first entry that is not.
absl::Status ValidateEnvironment(const std::vector<std::string>& env,
                                 std::string_view field);

}  // namespace sysbox::oci

#endif  // SYSBOX_OCI_VALIDATE_PROCESS_H_
