// /proc/interrupts and /proc/softirqs: of the container's CPUs, none of which
// any device of the container's interrupts. The lines are those that every
// machine has.
#ifndef SYSBOX_EMU_VIEWS_INTERRUPTS_H_
#define SYSBOX_EMU_VIEWS_INTERRUPTS_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "sysbox/emu/container_view.h"
#include "sysbox/fuse/tree.h"

namespace sysbox::emu::views {

// Pure.
std::string InterruptsText(size_t cpus);
std::string SoftirqsText(size_t cpus);

absl::StatusOr<std::string> Interrupts(ContainerView& view,
                                       const fuse::Caller& caller);
absl::StatusOr<std::string> Softirqs(ContainerView& view,
                                     const fuse::Caller& caller);

}  // namespace sysbox::emu::views

#endif  // SYSBOX_EMU_VIEWS_INTERRUPTS_H_
