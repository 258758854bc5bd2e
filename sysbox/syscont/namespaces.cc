#include <algorithm>
#include <string_view>

#include "sysbox/syscont/transforms.h"

namespace sysbox::syscont {
namespace {

void AddIfAbsent(oci::Linux& linux, std::string_view type) {
  const bool present =
      std::any_of(linux.namespaces.begin(), linux.namespaces.end(),
                  [&](const oci::Namespace& n) { return n.type == type; });
  if (present) return;
  linux.namespaces.push_back({.type = std::string(type), .path = ""});
}

}  // namespace

absl::Status AddNamespaces(oci::Spec& spec, const Inputs& inputs) {
  AddIfAbsent(*spec.linux, "user");
  AddIfAbsent(*spec.linux, "cgroup");
  // Joining all namespaces of a process (nsenter -a) wants each of them to
  // belong to the same user namespace; the host's time namespace does not.
  if (inputs.time_namespaces) AddIfAbsent(*spec.linux, "time");
  return absl::OkStatus();
}

}  // namespace sysbox::syscont
