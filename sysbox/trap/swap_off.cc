#include "sysbox/trap/swap_off.h"

#include <linux/capability.h>

#include <cerrno>

namespace sysbox::trap {

Verdict SwapOff(const TrappedCall& call) {
  absl::StatusOr<CallerIdentity> identity = call.caller.Identity();
  if (!identity.ok()) return Fail(identity.status(), EPERM);
  return identity->Can(CAP_SYS_ADMIN) ? Return(0) : Fail(EPERM);
}

}  // namespace sysbox::trap
