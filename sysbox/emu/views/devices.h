// /proc/devices of a container: drivers every system has, and those of the
// devices it was given. proc_devices(5).
#ifndef SYSBOX_EMU_VIEWS_DEVICES_H_
#define SYSBOX_EMU_VIEWS_DEVICES_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "sysbox/emu/container_view.h"
#include "sysbox/fuse/tree.h"

namespace sysbox::emu::views {

// Pure. `allowed` is the cgroup's devices.list; rules that only allow mknod
// give no device. "" (cgroup v2 has no such list): the common drivers alone.
std::string DevicesText(std::string_view host, std::string_view allowed);

// Generator.
absl::StatusOr<std::string> Devices(ContainerView& view,
                                    const fuse::Caller& caller);

}  // namespace sysbox::emu::views

#endif  // SYSBOX_EMU_VIEWS_DEVICES_H_
