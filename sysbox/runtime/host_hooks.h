// The hooks that run on the host: prestart, createRuntime, poststart and
// poststop. As runc's they run in the bundle's directory; in "/" once that is
// gone. (Those inside, createContainer and startContainer, are launch's.)
#ifndef SYSBOX_RUNTIME_HOST_HOOKS_H_
#define SYSBOX_RUNTIME_HOST_HOOKS_H_

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "sysbox/oci/spec.h"
#include "sysbox/oci/state.h"

namespace sysbox::runtime {

// In order, up to the first that fails. They are told `state`'s container,
// with `status`.
absl::Status RunHostHooks(std::string_view point,
                          const std::vector<oci::Hook>& hooks,
                          const oci::StateFile& state,
                          oci::ContainerStatus status);
// prestart's and createRuntime's, of a container that is being created.
absl::Status RunCreateHooks(const oci::StateFile& state);
// All of them; what fails is only logged.
void RunLateHostHooks(std::string_view point,
                      const std::vector<oci::Hook>& hooks,
                      const oci::StateFile& state, oci::ContainerStatus status);

}  // namespace sysbox::runtime

#endif  // SYSBOX_RUNTIME_HOST_HOOKS_H_
