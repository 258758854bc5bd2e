#include "sysbox/emu/views/uptime.h"

#include <algorithm>
#include <vector>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/emu/views/cpu_use.h"
#include "sysbox/emu/views/group_view.h"
#include "sysbox/emu/views/visible_cpus.h"
#include "sysbox/linux/clock.h"

namespace sysbox::emu::views {
namespace {

constexpr uint64_t kCentisecond = 10'000'000;
constexpr uint64_t kPerSecond = 100;

std::string Seconds(uint64_t centiseconds) {
  return fmt::format("{}.{:02}", centiseconds / kPerSecond,
                     centiseconds % kPerSecond);
}

absl::StatusOr<std::string> Make(const GroupView& view) {
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<uint16_t> cpus,
                          ReadVisibleCpus(view.group, view.host));
  SYSBOX_ASSIGN_OR_RETURN(const uint64_t used_ns, ReadCpuTotalNs(view.group));
  return UptimeText(BoottimeNs() - view.facts.started_ns, cpus.size(), used_ns);
}

}  // namespace

std::string UptimeText(int64_t elapsed_ns, uint64_t cpus, uint64_t used_ns) {
  const uint64_t elapsed =
      static_cast<uint64_t>(std::max<int64_t>(elapsed_ns, 0)) / kCentisecond;
  const uint64_t total = elapsed * cpus;
  const uint64_t idle = total - std::min(total, used_ns / kCentisecond);
  return fmt::format("{} {}\n", Seconds(elapsed), Seconds(idle));
}

absl::StatusOr<std::string> Uptime(ContainerView& view, const fuse::Caller&) {
  return GenerateForContainer(view, &Make);
}

}  // namespace sysbox::emu::views
