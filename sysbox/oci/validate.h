// Everything that can be said about a config.json without looking at the
// host. Each error is one line that names the field:
// `linux.namespaces[1].type: unknown value "nope"`. Seccomp's own names are
// seccomp/'s to check, what a system container refuses is syscont/'s.
#ifndef SYSBOX_OCI_VALIDATE_H_
#define SYSBOX_OCI_VALIDATE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "sysbox/oci/spec.h"

namespace sysbox::oci {

// The first thing wrong, as InvalidArgument.
absl::Status ValidateSpec(const Spec& spec);

// Puts right what runc accepts with a warning, and returns the warnings:
// relative mount destinations are taken from "/", unknown capabilities are
// dropped. Call it before ValidateSpec.
std::vector<std::string> NormalizeSpec(Spec& spec);

}  // namespace sysbox::oci

#endif  // SYSBOX_OCI_VALIDATE_H_
