// sysinfo(2): the container's numbers in the caller's layout.
#ifndef SYSBOX_TRAP_SYSINFO_CALL_H_
#define SYSBOX_TRAP_SYSINFO_CALL_H_

#include <string>

#include "sysbox/trap/call.h"

namespace sysbox::trap {

// struct sysinfo of a 64-bit or a 32-bit ABI. In the latter sizes that do not
// fit are given in larger units, as the kernel does.
std::string EncodeSysinfo(const SystemNumbers& numbers, bool narrow);

Verdict Sysinfo(const TrappedCall& call);

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_SYSINFO_CALL_H_
