#include "sysbox/emu/views/system_info.h"

#include <algorithm>
#include <cstddef>
#include <limits>

#include "sysbox/base/status.h"
#include "sysbox/emu/views/container_resources.h"
#include "sysbox/emu/views/host_resources.h"
#include "sysbox/emu/views/loadavg.h"
#include "sysbox/emu/views/meminfo.h"
#include "sysbox/linux/clock.h"

namespace sysbox::emu::views {
namespace {

constexpr uint64_t kKiB = 1024;
constexpr double kLoadScale = 1 << 16;  // SI_LOAD_SHIFT
constexpr int64_t kSecond = 1'000'000'000;

}  // namespace

struct sysinfo MakeSystemInfo(std::string_view host, const MemoryUse& use,
                              const Load& load, int64_t elapsed_ns) {
  const MemoryTotals totals = TotalsOf(host, use);
  struct sysinfo info = {};
  info.uptime = std::max<int64_t>(elapsed_ns, 0) / kSecond;
  for (size_t i = 0; i < load.averages.size(); ++i) {
    info.loads[i] = static_cast<unsigned long>(load.averages[i] * kLoadScale);
  }
  info.totalram = totals.total * kKiB;
  info.freeram = totals.free * kKiB;
  info.sharedram = use.shmem;
  info.totalswap = totals.swap_total * kKiB;
  info.freeswap = totals.swap_free * kKiB;
  info.procs = static_cast<uint16_t>(std::min<uint64_t>(
      load.tasks.total, std::numeric_limits<uint16_t>::max()));
  info.mem_unit = 1;
  return info;
}

absl::StatusOr<struct sysinfo> ReadSystemInfo(ContainerView& view,
                                              const fuse::Caller& caller) {
  ContainerResources& resources = view.resources();
  const ContainerFacts facts = view.facts();
  SYSBOX_ASSIGN_OR_RETURN(auto group, resources.Of(facts, caller));
  SYSBOX_ASSIGN_OR_RETURN(auto host, resources.host().Read(HostFile::kMeminfo));
  SYSBOX_ASSIGN_OR_RETURN(const MemoryUse use, ReadMemoryUse(*group));
  SYSBOX_ASSIGN_OR_RETURN(const Load load,
                          ReadLoad(*group, resources.host(), facts.started_ns));
  return MakeSystemInfo(*host, use, load, BoottimeNs() - facts.started_ns);
}

}  // namespace sysbox::emu::views
