// /proc/vmstat of a container: the kernel's lines in the kernel's order, with
// what its cgroup counts; what is counted for the host only is 0.
// proc_vmstat(5).
#ifndef SYSBOX_EMU_VIEWS_VMSTAT_H_
#define SYSBOX_EMU_VIEWS_VMSTAT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "sysbox/emu/container_view.h"
#include "sysbox/emu/views/memory_use.h"
#include "sysbox/fuse/tree.h"

namespace sysbox::emu::views {

struct VmstatInput {
  MemoryUse memory;
  uint64_t free_bytes = 0;
  uint64_t read_bytes = 0;  // from block devices
  uint64_t written_bytes = 0;
  uint64_t oom_kills = 0;
  uint64_t page_bytes = 4096;
};
std::string VmstatText(std::string_view host,
                       const VmstatInput& input);  // pure

// Generator.
absl::StatusOr<std::string> Vmstat(ContainerView& view,
                                   const fuse::Caller& caller);

}  // namespace sysbox::emu::views

#endif  // SYSBOX_EMU_VIEWS_VMSTAT_H_
