// What sysinfo(2) should tell in a container, from the same sources as
// /proc/meminfo, loadavg and uptime, so that they agree (busybox's free and
// uptime ask the system call).
#ifndef SYSBOX_EMU_VIEWS_SYSTEM_INFO_H_
#define SYSBOX_EMU_VIEWS_SYSTEM_INFO_H_

#include <sys/sysinfo.h>

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "sysbox/emu/container_view.h"
#include "sysbox/emu/views/load_history.h"
#include "sysbox/emu/views/memory_use.h"
#include "sysbox/fuse/tree.h"

namespace sysbox::emu::views {

// struct sysinfo of 64-bit callers, mem_unit 1. `host` is the host's
// /proc/meminfo. Pure.
struct sysinfo MakeSystemInfo(std::string_view host, const MemoryUse& use,
                              const Load& load, int64_t elapsed_ns);

absl::StatusOr<struct sysinfo> ReadSystemInfo(ContainerView& view,
                                              const fuse::Caller& caller);

}  // namespace sysbox::emu::views

#endif  // SYSBOX_EMU_VIEWS_SYSTEM_INFO_H_
