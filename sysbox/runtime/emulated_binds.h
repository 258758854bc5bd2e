// What of the emulated files a container's init binds over its /proc and /sys:
// emu/'s list in mounts/' terms. Pure.
#ifndef SYSBOX_RUNTIME_EMULATED_BINDS_H_
#define SYSBOX_RUNTIME_EMULATED_BINDS_H_

#include <vector>

#include "sysbox/mounts/build.h"

namespace sysbox::runtime {

std::vector<mounts::EmulatedBind> EmulatedBinds();

}  // namespace sysbox::runtime

#endif  // SYSBOX_RUNTIME_EMULATED_BINDS_H_
