// /sys/devices/system/node of a container: one node with all its CPUs and
// memory, whatever the host's are. sysfs-devices-node in the kernel's ABI
// documents.
#ifndef SYSBOX_EMU_VIEWS_SYSTEM_NODE_H_
#define SYSBOX_EMU_VIEWS_SYSTEM_NODE_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "sysbox/emu/container_view.h"
#include "sysbox/fuse/tree.h"

namespace sysbox::emu::views {

// node0/meminfo, out of the container's /proc/meminfo. Pure.
std::string NodeMeminfoText(std::string_view meminfo);

// Generators. "0": `online`, `possible`, `has_cpu`, `has_memory` alike.
absl::StatusOr<std::string> SystemNodes(ContainerView& view,
                                        const fuse::Caller& caller);
// Of node0, by name.
absl::StatusOr<std::string> NodeCpuMap(ContainerView& view,
                                       const fuse::Caller& caller);
absl::StatusOr<std::string> NodeDistance(ContainerView& view,
                                         const fuse::Caller& caller);
absl::StatusOr<std::string> NodeMeminfo(ContainerView& view,
                                        const fuse::Caller& caller);
absl::StatusOr<std::string> NodeNumastat(ContainerView& view,
                                         const fuse::Caller& caller);

}  // namespace sysbox::emu::views

#endif  // SYSBOX_EMU_VIEWS_SYSTEM_NODE_H_
