// What one reading of each view costs the daemon, on the real kernel, for a
// container with a memory and a CPU limit and one process. Goals: uptime below
// 15 us, meminfo and stat below 50.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include "benchmark/benchmark.h"
#include "sysbox/cgroups/cgroup.h"
#include "sysbox/cgroups/test_host.h"
#include "sysbox/emu/node_spec.h"
#include "sysbox/emu/views/block_devices.h"
#include "sysbox/emu/views/container_resources.h"
#include "sysbox/emu/views/cpuinfo.h"
#include "sysbox/emu/views/loadavg.h"
#include "sysbox/emu/views/meminfo.h"
#include "sysbox/emu/views/proc_stat.h"
#include "sysbox/emu/views/system_cpu.h"
#include "sysbox/emu/views/uptime.h"
#include "sysbox/emu/views/vmstat.h"
#include "sysbox/linux/clock.h"
#include "sysbox/linux/process.h"

namespace sysbox::emu::views {
namespace {

template <typename T>
T Check(absl::StatusOr<T> result) {
  if (result.ok()) return *std::move(result);
  const std::string text = result.status().ToString();
  std::fprintf(stderr, "%s\n", text.c_str());
  std::abort();
}

// A container for the whole run.
class BenchmarkView : public ContainerView {
 public:
  BenchmarkView() {
    cgroups::CgroupOptions options;
    options.container_id = "views-benchmark";
    options.cgroups_path = cgroups::UniquePath();
    cgroup_ = Check(cgroups::NewCgroup(options));
    oci::Resources resources;
    resources.memory.emplace();
    resources.memory->limit = 64 << 20;
    resources.cpu.emplace();
    resources.cpu->quota = 50000;
    resources.cpu->period = 100000;
    if (!cgroup_->Create(resources).ok()) std::abort();
    destroy_.emplace(cgroup_.get());
    init_ = cgroups::StartIn(
        Check(cgroup_->OpenForInit(cgroups::InitStart::kWaits)));
  }
  ContainerFacts facts() const override {
    return {.id = "b", .init = init_.pid(), .started_ns = started_ns_};
  }
  StoredValues& values() override { std::abort(); }
  KernelFiles& kernel() override { std::abort(); }
  ContainerResources& resources() override { return resources_; }

 private:
  const int64_t started_ns_ = BoottimeNs();
  HostResources host_;
  ContainerResources resources_{host_};
  std::unique_ptr<cgroups::Cgroup> cgroup_;
  std::optional<cgroups::DestroyAtEnd> destroy_;
  OwnedChild init_;
};

BenchmarkView& View() {
  static BenchmarkView view;
  return view;
}

void Generate(benchmark::State& state, Generator generator) {
  BenchmarkView& view = View();
  const fuse::Caller caller = {.pid = view.facts().init};
  for (auto _ : state) {
    benchmark::DoNotOptimize(Check(generator(view, caller)));
  }
}

BENCHMARK_CAPTURE(Generate, uptime, &Uptime);
BENCHMARK_CAPTURE(Generate, meminfo, &Meminfo);
BENCHMARK_CAPTURE(Generate, stat, &ProcStat);
BENCHMARK_CAPTURE(Generate, loadavg, &Loadavg);
BENCHMARK_CAPTURE(Generate, cpuinfo, &Cpuinfo);
BENCHMARK_CAPTURE(Generate, diskstats, &Diskstats);
BENCHMARK_CAPTURE(Generate, vmstat, &Vmstat);
BENCHMARK_CAPTURE(Generate, online, &SystemCpus);

}  // namespace
}  // namespace sysbox::emu::views

BENCHMARK_MAIN();
