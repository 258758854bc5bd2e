// CPU time a cgroup has used, with that of cgroups that were below it.
#ifndef SYSBOX_EMU_VIEWS_CPU_USE_H_
#define SYSBOX_EMU_VIEWS_CPU_USE_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/emu/views/resource_group.h"

namespace sysbox::emu::views {

struct CpuUse {
  uint64_t user_ns = 0;
  uint64_t system_ns = 0;
  std::vector<uint64_t> per_cpu_ns;  // by the host's number; empty on v2
};

// cpuacct.usage_all and v2's cpu.stat. Pure.
CpuUse ParseV1UsageAll(std::string_view text);
CpuUse ParseV2CpuStat(std::string_view text);

absl::StatusOr<CpuUse> ReadCpuUse(const ResourceGroup& group);
// The sum alone, which is cheaper to come by.
absl::StatusOr<uint64_t> ReadCpuTotalNs(const ResourceGroup& group);

}  // namespace sysbox::emu::views

#endif  // SYSBOX_EMU_VIEWS_CPU_USE_H_
