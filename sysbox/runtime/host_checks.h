// Whether this host, and this spec on this host, can give a system container.
// Reads the host; changes nothing. One clear line for each refusal.
#ifndef SYSBOX_RUNTIME_HOST_CHECKS_H_
#define SYSBOX_RUNTIME_HOST_CHECKS_H_

#include <string_view>

#include "absl/status/status.h"
#include "sysbox/oci/spec.h"

namespace sysbox::runtime {

// Root, kernel 5.12 or newer (unless `skip_kernel_check`), user namespaces
// permitted.
absl::Status CheckHost(bool skip_kernel_check);
bool SelinuxEnforces();

// A namespace given by path must not be the host's own: `--net=host` and the
// like would take the container's isolation away.
absl::Status CheckNamespacePaths(const oci::Spec& spec);

// "6.1.0-18-amd64" → 6, 1; false if it does not begin like that.
bool ParseKernelRelease(std::string_view release, int* major, int* minor);

}  // namespace sysbox::runtime

#endif  // SYSBOX_RUNTIME_HOST_CHECKS_H_
