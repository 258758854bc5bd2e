// The handler of each family of trapped calls.
#ifndef SYSBOX_TRAP_FAMILIES_H_
#define SYSBOX_TRAP_FAMILIES_H_

#include "sysbox/trap/call.h"

namespace sysbox::trap {

Handler HandlerOf(Family family);

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_FAMILIES_H_
