#include "sysbox/emu/views/system_info.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <limits>
#include <string>

#include "sysbox/base/status.h"
#include "sysbox/emu/views/group_view.h"
#include "sysbox/emu/views/host_resources.h"
#include "sysbox/emu/views/loadavg.h"
#include "sysbox/emu/views/meminfo.h"
#include "sysbox/linux/clock.h"

namespace sysbox::emu::views {
namespace {

constexpr uint64_t kKiB = 1024;
constexpr double kLoadScale = 1 << 16;  // SI_LOAD_SHIFT
constexpr int64_t kSecond = 1'000'000'000;

int64_t ElapsedSeconds(int64_t ns) {
  return std::max<int64_t>(ns, 0) / kSecond;
}

absl::StatusOr<std::string> Make(const GroupView& view) {
  SYSBOX_ASSIGN_OR_RETURN(auto host, view.host.Read(HostFile::kMeminfo));
  SYSBOX_ASSIGN_OR_RETURN(const MemoryUse use, ReadMemoryUse(view.group));
  SYSBOX_ASSIGN_OR_RETURN(
      const Load load, ReadLoad(view.group, view.host, view.facts.started_ns));
  const struct sysinfo info = MakeSystemInfo(*host, use, load, 0);
  return std::string(reinterpret_cast<const char*>(&info), sizeof info);
}

}  // namespace

struct sysinfo MakeSystemInfo(std::string_view host, const MemoryUse& use,
                              const Load& load, int64_t elapsed_ns) {
  const MemoryTotals totals = TotalsOf(host, use);
  struct sysinfo info = {};
  info.uptime = ElapsedSeconds(elapsed_ns);
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
  const int64_t started = view.facts().started_ns;
  // As text is that programs read: the struct's bytes.
  SYSBOX_ASSIGN_OR_RETURN(const std::string bytes,
                          GenerateFor(view, caller, &Make));
  struct sysinfo info = {};
  memcpy(&info, bytes.data(), sizeof info);
  info.uptime = ElapsedSeconds(BoottimeNs() - started);
  return info;
}

}  // namespace sysbox::emu::views
