// The `linux` object of config.json; sysctls need the namespaces beside them.
#ifndef SYSBOX_OCI_VALIDATE_LINUX_H_
#define SYSBOX_OCI_VALIDATE_LINUX_H_

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "sysbox/oci/spec.h"

namespace sysbox::oci {

// The first thing wrong, as InvalidArgument: "linux.namespaces[1].type: …".
// `spec.linux` must be there.
absl::Status ValidateLinux(const Spec& spec);

// "cgroup", "ipc", "mount", …, sorted.
std::vector<std::string_view> KnownNamespaceTypes();
// The entry of linux.namespaces of that type; nullptr if there is none.
const Namespace* FindNamespace(const Linux& linux, std::string_view type);

}  // namespace sysbox::oci

#endif  // SYSBOX_OCI_VALIDATE_LINUX_H_
