// /proc/uptime of a container: since its start, and how long its CPUs were
// idle meanwhile, in sum. proc_uptime(5).
#ifndef SYSBOX_EMU_VIEWS_UPTIME_H_
#define SYSBOX_EMU_VIEWS_UPTIME_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "sysbox/emu/container_view.h"
#include "sysbox/fuse/tree.h"

namespace sysbox::emu::views {

// Pure.
std::string UptimeText(int64_t elapsed_ns, uint64_t cpus, uint64_t used_ns);

// Generator. For inner containers, too, the system container's.
absl::StatusOr<std::string> Uptime(ContainerView& view,
                                   const fuse::Caller& caller);

}  // namespace sysbox::emu::views

#endif  // SYSBOX_EMU_VIEWS_UPTIME_H_
