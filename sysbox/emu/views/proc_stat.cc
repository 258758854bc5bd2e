#include "sysbox/emu/views/proc_stat.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/emu/views/cpu_use.h"
#include "sysbox/emu/views/group_view.h"
#include "sysbox/emu/views/host_resources.h"
#include "sysbox/emu/views/kernel_text.h"
#include "sysbox/emu/views/loadavg.h"
#include "sysbox/emu/views/visible_cpus.h"
#include "sysbox/linux/clock.h"

namespace sysbox::emu::views {
namespace {

constexpr uint64_t kTickNs = 10'000'000;  // USER_HZ is 100 everywhere
constexpr int64_t kSecond = 1'000'000'000;
constexpr size_t kMostCpus = 65536;

// "user nice system" of a cpu line.
uint64_t BusyNs(std::string_view columns) {
  uint64_t ticks = 0;
  for (int i = 0; i < 3; ++i) ticks += TakeNumber(&columns);
  return ticks * kTickNs;
}

void AddCpuLine(std::string_view number, std::string_view columns,
                HostStat* stat) {
  if (number.empty()) {
    stat->all_busy_ns = BusyNs(columns);
    return;
  }
  const std::optional<uint64_t> cpu = ParseUint64(number);
  if (!cpu || *cpu >= kMostCpus) return;
  if (stat->busy_ns.size() <= *cpu) stat->busy_ns.resize(*cpu + 1);
  stat->busy_ns[*cpu] = BusyNs(columns);
}

std::vector<uint64_t> Pick(const std::vector<uint64_t>& values,
                           const std::vector<uint16_t>& cpus) {
  std::vector<uint64_t> picked;
  picked.reserve(cpus.size());
  for (uint16_t cpu : cpus) {
    picked.push_back(cpu < values.size() ? values[cpu] : 0);
  }
  return picked;
}

absl::StatusOr<CpuSample> TakeSample(const ResourceGroup& group,
                                     HostResources& host,
                                     const HostStat& host_stat,
                                     int64_t started_ns) {
  CpuSample sample;
  SYSBOX_ASSIGN_OR_RETURN(CpuUse use, ReadCpuUse(group));
  SYSBOX_ASSIGN_OR_RETURN(sample.cpus, ReadVisibleCpus(group, host));
  sample.elapsed_ns = std::max<int64_t>(BoottimeNs() - started_ns, 0);
  sample.user_ns = use.user_ns;
  sample.system_ns = use.system_ns;
  sample.hints = Pick(
      use.per_cpu_ns.empty() ? host_stat.busy_ns : use.per_cpu_ns, sample.cpus);
  sample.host_busy_ns = host_stat.all_busy_ns;
  sample.host_switches = host_stat.switches;
  sample.host_interrupts = host_stat.interrupts;
  sample.host_forks = host_stat.forks;
  return sample;
}

void AppendCpu(std::string_view name, const CpuTime& time,
               fmt::memory_buffer* text) {
  const auto ticks = [](double ns) {
    return static_cast<uint64_t>(ns) / kTickNs;
  };
  fmt::format_to(std::back_inserter(*text), "{} {} 0 {} {} 0 0 0 0 0 0\n", name,
                 ticks(time.user_ns), ticks(time.system_ns),
                 ticks(time.idle_ns));
}

absl::StatusOr<std::string> Make(const GroupView& view) {
  const int64_t started_ns = view.facts.started_ns;
  SYSBOX_ASSIGN_OR_RETURN(auto host_text, view.host.Read(HostFile::kStat));
  const HostStat host = ParseHostStat(*host_text);
  SYSBOX_ASSIGN_OR_RETURN(const Load load,
                          ReadLoad(view.group, view.host, started_ns));
  SYSBOX_ASSIGN_OR_RETURN(const CpuSample sample,
                          TakeSample(view.group, view.host, host, started_ns));
  // Of the host's, so that no two readings round differently.
  const uint64_t start_time =
      host.boot_time + static_cast<uint64_t>(started_ns / kSecond);
  return ProcStatText(view.group.cpu_history().Advance(sample), load.tasks,
                      start_time);
}

}  // namespace

HostStat ParseHostStat(std::string_view text) {
  HostStat stat;
  ForEachLine(text, [&stat](std::string_view line) {
    std::string_view key = TakeField(&line);
    if (TakePrefix(&key, "cpu")) return AddCpuLine(key, line, &stat);
    if (key == "intr") stat.interrupts = TakeNumber(&line);
    if (key == "ctxt") stat.switches = TakeNumber(&line);
    if (key == "btime") stat.boot_time = TakeNumber(&line);
    if (key == "processes") stat.forks = TakeNumber(&line);
  });
  return stat;
}

std::string ProcStatText(const CpuTotals& totals, const TaskCounts& tasks,
                         uint64_t start_time) {
  fmt::memory_buffer text;
  AppendCpu("cpu ", totals.all, &text);
  for (size_t i = 0; i < totals.cpus.size(); ++i) {
    AppendCpu(fmt::format("cpu{}", i), totals.cpus[i], &text);
  }
  fmt::format_to(std::back_inserter(text),
                 "intr {}\nctxt {}\nbtime {}\nprocesses {}\n"
                 "procs_running {}\nprocs_blocked {}\n"
                 "softirq 0 0 0 0 0 0 0 0 0 0 0\n",
                 totals.interrupts, totals.switches, start_time, totals.forks,
                 std::max<uint64_t>(tasks.running, 1), tasks.blocked);
  return fmt::to_string(text);
}

absl::StatusOr<std::string> ProcStat(ContainerView& view,
                                     const fuse::Caller& caller) {
  return GenerateFor(view, caller, &Make);
}

}  // namespace sysbox::emu::views
