// /proc/meminfo of a container: every line the kernel has, from the cgroup
// where it counts, never more than the host has, and consistent: free memory
// is what both the limit and the host leave, cached is within what is used.
// proc_meminfo(5).
#ifndef SYSBOX_EMU_VIEWS_MEMINFO_H_
#define SYSBOX_EMU_VIEWS_MEMINFO_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "sysbox/emu/container_view.h"
#include "sysbox/emu/views/memory_use.h"
#include "sysbox/fuse/tree.h"

namespace sysbox::emu::views {

// The numbers that several views tell, in KiB.
struct MemoryTotals {
  uint64_t total = 0;
  uint64_t free = 0;
  uint64_t available = 0;
  uint64_t swap_total = 0;
  uint64_t swap_free = 0;
};

// Pure. `host` is the host's /proc/meminfo.
MemoryTotals TotalsOf(std::string_view host, const MemoryUse& use);
std::string MeminfoText(std::string_view host, const MemoryUse& use);

// Generator.
absl::StatusOr<std::string> Meminfo(ContainerView& view,
                                    const fuse::Caller& caller);

}  // namespace sysbox::emu::views

#endif  // SYSBOX_EMU_VIEWS_MEMINFO_H_
