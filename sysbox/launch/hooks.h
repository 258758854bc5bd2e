// OCI hooks: programs run at fixed points of a container's life with the
// state on standard input (runtime-spec config.md, "POSIX-platform Hooks").
#ifndef SYSBOX_LAUNCH_HOOKS_H_
#define SYSBOX_LAUNCH_HOOKS_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "sysbox/linux/fd.h"
#include "sysbox/oci/spec.h"

namespace sysbox::launch {

// Runs `hooks` in order, in `directory` (invalid: where we are), and stops at
// the first that fails or exceeds its timeout (it is killed). `point` is
// "prestart", "createRuntime", …; the error says which hook, its exit status
// and what it printed.
absl::Status RunHooks(std::string_view point, absl::Span<const oci::Hook> hooks,
                      const std::string& state_json,
                      FdRef directory = FdRef(-1));

}  // namespace sysbox::launch

#endif  // SYSBOX_LAUNCH_HOOKS_H_
