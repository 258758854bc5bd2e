// setxattr(2), getxattr(2), removexattr(2) and kin of trusted.overlay.opaque,
// for builders that make overlay layers by hand: with
// SYSBOX_ALLOW_TRUSTED_XATTR done by us, on files whose owner the caller's user
// namespace knows. Of any other attribute: the kernel's business.
#ifndef SYSBOX_TRAP_XATTR_CALL_H_
#define SYSBOX_TRAP_XATTR_CALL_H_

#include "sysbox/trap/call.h"

namespace sysbox::trap {

Verdict Xattr(const TrappedCall& call);

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_XATTR_CALL_H_
