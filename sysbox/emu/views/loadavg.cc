#include "sysbox/emu/views/loadavg.h"

#include <vector>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/emu/views/cpu_use.h"
#include "sysbox/emu/views/group_view.h"
#include "sysbox/emu/views/task_counts.h"
#include "sysbox/emu/views/visible_cpus.h"
#include "sysbox/linux/clock.h"

namespace sysbox::emu::views {
namespace {

absl::StatusOr<std::string> Make(const GroupView& view) {
  SYSBOX_ASSIGN_OR_RETURN(
      const Load load, ReadLoad(view.group, view.host, view.facts.started_ns));
  return LoadavgText(load);
}

}  // namespace

absl::StatusOr<Load> ReadLoad(ResourceGroup& group, HostResources& host,
                              int64_t started_ns) {
  const int64_t now = BoottimeNs();
  LoadHistory& history = group.load_history();
  if (!history.Due(now - started_ns)) return history.Current();
  LoadSample sample;
  SYSBOX_ASSIGN_OR_RETURN(sample.cpu_ns, ReadCpuTotalNs(group));
  SYSBOX_ASSIGN_OR_RETURN(sample.tasks, CountTasks(group));
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<uint16_t> cpus,
                          ReadVisibleCpus(group, host));
  sample.cpus = cpus.size();
  sample.elapsed_ns = now - started_ns;
  sample.cost_ns = BoottimeNs() - now;
  history.Advance(sample);
  return history.Current();
}

std::string LoadavgText(const Load& load) {
  return fmt::format("{:.2f} {:.2f} {:.2f} {}/{} {}\n", load.averages[0],
                     load.averages[1], load.averages[2], load.tasks.running,
                     load.tasks.total, load.tasks.newest);
}

absl::StatusOr<std::string> Loadavg(ContainerView& view,
                                    const fuse::Caller& caller) {
  return GenerateFor(view, caller, &Make);
}

}  // namespace sysbox::emu::views
