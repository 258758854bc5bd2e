// /sys/devices/system/cpu of a container: its CPUs are all there are, numbered
// from 0. sysfs-devices-system-cpu in the kernel's ABI documents.
#ifndef SYSBOX_EMU_VIEWS_SYSTEM_CPU_H_
#define SYSBOX_EMU_VIEWS_SYSTEM_CPU_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

// Any other file: the host's. Below cpuN it is that of the host's CPU which
// the container calls N, and the CPUs it names are renumbered.
absl::StatusOr<std::string> SystemCpuFile(ContainerView& view,
                                          const fuse::Caller& caller,
                                          std::string_view path);

// Pure. Where the host has `path`; nullopt if its CPU is none of `shown`.
std::optional<std::string> HostCpuPath(std::string_view path,
                                       const std::vector<uint16_t>& shown);
// The text of a file below cpuN.
std::string TranslateCpus(std::string_view path, std::string_view text,
                          const std::vector<uint16_t>& shown);

}  // namespace sysbox::emu::views

#endif  // SYSBOX_EMU_VIEWS_SYSTEM_CPU_H_
