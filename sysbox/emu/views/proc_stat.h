// /proc/stat of a container: its CPUs renumbered from 0, busy as its cgroup
// was, idle the rest of the time since its start; btime is its start. Numbers
// never decrease. Accuracy: cpu_history.h. proc_stat(5).
#ifndef SYSBOX_EMU_VIEWS_PROC_STAT_H_
#define SYSBOX_EMU_VIEWS_PROC_STAT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/emu/container_view.h"
#include "sysbox/emu/views/cpu_history.h"
#include "sysbox/emu/views/load_history.h"
#include "sysbox/fuse/tree.h"

namespace sysbox::emu::views {

// Of the host's /proc/stat.
struct HostStat {
  std::vector<uint64_t> busy_ns;  // by CPU
  uint64_t all_busy_ns = 0;
  uint64_t interrupts = 0;
  uint64_t switches = 0;
  uint64_t boot_time = 0;  // seconds since 1970
  uint64_t forks = 0;
};

// Pure.
HostStat ParseHostStat(std::string_view text);
std::string ProcStatText(const CpuTotals& totals, const TaskCounts& tasks,
                         uint64_t start_time);

// Generator.
absl::StatusOr<std::string> ProcStat(ContainerView& view,
                                     const fuse::Caller& caller);

}  // namespace sysbox::emu::views

#endif  // SYSBOX_EMU_VIEWS_PROC_STAT_H_
