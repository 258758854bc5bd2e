// Usage numbers, shaped after runc's `events --stats` (types.Stats). Values
// are bytes, nanoseconds or counts as named.
#ifndef SYSBOX_CGROUPS_STATS_H_
#define SYSBOX_CGROUPS_STATS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace sysbox::cgroups {

struct CpuStats {
  uint64_t usage_total_ns = 0;
  uint64_t usage_user_ns = 0;
  uint64_t usage_kernel_ns = 0;
  std::vector<uint64_t> usage_per_cpu_ns;  // v1 only, as the next two
  std::vector<uint64_t> kernel_per_cpu_ns, user_per_cpu_ns;
  uint64_t throttling_periods = 0;
  uint64_t throttled_periods = 0;
  uint64_t throttled_time_ns = 0;
};

// v1 only, as the files are called.
struct CpusetFlags {
  uint64_t cpu_exclusive = 0;
  uint64_t mem_hardwall = 0;
  uint64_t mem_exclusive = 0;
  uint64_t memory_migrate = 0;
  uint64_t memory_spread_page = 0;
  uint64_t memory_spread_slab = 0;
  uint64_t memory_pressure = 0;
  uint64_t sched_load_balance = 0;
  int64_t sched_relax_domain_level = 0;
};

struct MemoryEntry {
  uint64_t limit = 0;
  uint64_t usage = 0;
  uint64_t max = 0;
  uint64_t failcnt = 0;
};

struct MemoryStats {
  uint64_t cache = 0;
  MemoryEntry usage, swap, kernel, kernel_tcp;
  std::map<std::string, uint64_t> raw;  // memory.stat
};

struct BlkioEntry {
  uint64_t major = 0;
  uint64_t minor = 0;
  std::string op;
  uint64_t value = 0;
};

struct HugetlbStats {
  uint64_t usage = 0;
  uint64_t max = 0;
  uint64_t failcnt = 0;
};

struct Stats {
  CpuStats cpu;
  std::string cpuset_cpus, cpuset_mems;
  CpusetFlags cpuset_flags;
  MemoryStats memory;
  uint64_t pids_current = 0;
  uint64_t pids_limit = 0;  // 0: none
  std::vector<BlkioEntry> io_service_bytes, io_serviced;
  std::map<std::string, HugetlbStats> hugetlb;
};

}  // namespace sysbox::cgroups

#endif  // SYSBOX_CGROUPS_STATS_H_
