#include "sysbox/trap/swap_off.h"

#include <linux/capability.h>

#include <cerrno>
#include <string>

namespace sysbox::trap {

Verdict SwapOff(const TrappedCall& call) {
  call.caller.PrefetchWithCapabilities({0});
  absl::StatusOr<CapabilitySet> capabilities = call.caller.Capabilities();
  if (!capabilities.ok()) return Fail(capabilities.status(), EPERM);
  if (!Contains(*capabilities, CAP_SYS_ADMIN)) return Fail(EPERM);
  absl::StatusOr<std::string> path = call.caller.ReadPath(0);
  if (!path.ok()) return Fail(path.status(), EFAULT);
  return path->empty() ? Fail(ENOENT) : Return(0);
}

}  // namespace sysbox::trap
