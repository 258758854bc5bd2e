// Files that tell of the host's devices, and what they say in a container:
// that there are none, or only what is no device of a host's.
#ifndef SYSBOX_EMU_HOST_TRACES_H_
#define SYSBOX_EMU_HOST_TRACES_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "sysbox/emu/container_view.h"
#include "sysbox/fuse/tree.h"

namespace sysbox::emu {

// "".
absl::StatusOr<std::string> NoText(ContainerView& view,
                                   const fuse::Caller& caller);
// "\n".
absl::StatusOr<std::string> NoWord(ContainerView& view,
                                   const fuse::Caller& caller);

// /proc/cmdline: what of the host's decides how programs have to behave
// (cgroups, security modules, huge pages), without its disks and consoles.
absl::StatusOr<std::string> KernelCommandLine(ContainerView& view,
                                              const fuse::Caller& caller);
// Pure.
std::string SharedCommandLine(std::string_view host);

// /proc/mdstat of a machine without software RAID.
absl::StatusOr<std::string> NoRaid(ContainerView& view,
                                   const fuse::Caller& caller);

// Filters: a link in /sys/class/{misc,tty} or /sys/dev/char that does not lead
// to a virtual device which is shown.
bool IsHostsMisc(ContainerView& view, const fuse::Caller& caller,
                 std::string_view name);
bool IsHostsTty(ContainerView& view, const fuse::Caller& caller,
                std::string_view name);
bool IsHostsCharDevice(ContainerView& view, const fuse::Caller& caller,
                       std::string_view name);
// In /sys/bus/event_source/devices: a counter of hardware outside the CPUs.
bool IsHostsCounter(ContainerView& view, const fuse::Caller& caller,
                    std::string_view name);

}  // namespace sysbox::emu

#endif  // SYSBOX_EMU_HOST_TRACES_H_
