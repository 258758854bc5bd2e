// /proc/pressure of a container: its own cgroup's, where there is a unified
// hierarchy; else no pressure. Triggers are not offered. psi(7).
#ifndef SYSBOX_EMU_VIEWS_PRESSURE_H_
#define SYSBOX_EMU_VIEWS_PRESSURE_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "sysbox/emu/container_view.h"
#include "sysbox/fuse/tree.h"

namespace sysbox::emu::views {

// The host's text with all numbers 0. Pure.
std::string NoPressure(std::string_view host);

// Generators.
absl::StatusOr<std::string> PressureCpu(ContainerView& view,
                                        const fuse::Caller& caller);
absl::StatusOr<std::string> PressureIo(ContainerView& view,
                                       const fuse::Caller& caller);
absl::StatusOr<std::string> PressureMemory(ContainerView& view,
                                           const fuse::Caller& caller);
absl::StatusOr<std::string> PressureIrq(ContainerView& view,
                                        const fuse::Caller& caller);

}  // namespace sysbox::emu::views

#endif  // SYSBOX_EMU_VIEWS_PRESSURE_H_
