// linux.sysctl: only what is the container's own, given its namespaces.
#ifndef SYSBOX_OCI_VALIDATE_SYSCTL_H_
#define SYSBOX_OCI_VALIDATE_SYSCTL_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "sysbox/oci/spec.h"

namespace sysbox::oci {

// The first sysctl that is not namespaced, or whose namespace is not in
// `spec.linux`, which must be there. runc's rules.
absl::Status ValidateSysctls(const Spec& spec);

// The path below /proc/sys of a sysctl's name, by sysctl.conf(5)'s rule: the
// first separator, '.' or '/', is the separator, the other stands for itself
// within a name. "net.ipv4.ip_forward" and "net/ipv4/conf/eth0.1/forwarding"
// both work. nullopt for names with empty, "." or ".." parts.
std::optional<std::string> SysctlPath(std::string_view name);

}  // namespace sysbox::oci

#endif  // SYSBOX_OCI_VALIDATE_SYSCTL_H_
