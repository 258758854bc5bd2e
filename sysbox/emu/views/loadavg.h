// /proc/loadavg of a container. proc_loadavg(5); accuracy: load_history.h.
#ifndef SYSBOX_EMU_VIEWS_LOADAVG_H_
#define SYSBOX_EMU_VIEWS_LOADAVG_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "sysbox/emu/container_view.h"
#include "sysbox/emu/views/host_resources.h"
#include "sysbox/emu/views/load_history.h"
#include "sysbox/emu/views/resource_group.h"
#include "sysbox/fuse/tree.h"

namespace sysbox::emu::views {

// The load of `group`, which is of a container started at `started_ns` of the
// boot clock: at most a second old, unless counting is dear.
absl::StatusOr<Load> ReadLoad(ResourceGroup& group, HostResources& host,
                              int64_t started_ns);

std::string LoadavgText(const Load& load);  // pure

// Generator.
absl::StatusOr<std::string> Loadavg(ContainerView& view,
                                    const fuse::Caller& caller);

}  // namespace sysbox::emu::views

#endif  // SYSBOX_EMU_VIEWS_LOADAVG_H_
