// Files of /sys/devices/system/cpu of a container: its CPUs are all there are,
// numbered from 0. sysfs-devices-system-cpu in the kernel's ABI documents.
#ifndef SYSBOX_EMU_VIEWS_SYSTEM_CPU_H_
#define SYSBOX_EMU_VIEWS_SYSTEM_CPU_H_

#include <string>

#include "absl/status/statusor.h"
#include "sysbox/emu/container_view.h"
#include "sysbox/fuse/tree.h"

namespace sysbox::emu::views {

// Generators. "0-3": `online`, `possible`, `present`, `enabled` alike.
absl::StatusOr<std::string> SystemCpus(ContainerView& view,
                                       const fuse::Caller& caller);
// An empty list: `offline`, `isolated`.
absl::StatusOr<std::string> NoSystemCpus(ContainerView& view,
                                         const fuse::Caller& caller);
// `kernel_max`, the highest number minus 1 that the kernel knows: the host's.
absl::StatusOr<std::string> SystemCpuKernelMax(ContainerView& view,
                                               const fuse::Caller& caller);

}  // namespace sysbox::emu::views

#endif  // SYSBOX_EMU_VIEWS_SYSTEM_CPU_H_
