// What a container start and end pay for cgroups, on this host's layout with
// Docker's typical limits. The goal for creation is below 1.5 ms.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "benchmark/benchmark.h"
#include "fmt/format.h"
#include "sysbox/cgroups/cgroup.h"
#include "sysbox/cgroups/hierarchy.h"

namespace sysbox::cgroups {
namespace {

oci::Resources DockerResources() {
  oci::Resources r;
  r.devices = {{false, "", {}, {}, "rwm"}, {true, "c", 1, 5, "rwm"},
               {true, "c", 1, 3, "rwm"},   {true, "c", 1, 9, "rwm"},
               {true, "c", 1, 8, "rwm"},   {true, "c", 5, 0, "rwm"},
               {true, "c", 5, 1, "rwm"},   {false, "c", 10, 229, "rwm"}};
  r.memory.emplace();
  r.memory->limit = 512 << 20;
  r.memory->swap = 1024 << 20;
  r.cpu.emplace();
  r.cpu->shares = 1024;
  r.cpu->quota = 50000;
  r.cpu->period = 100000;
  r.pids.emplace();
  r.pids->limit = 100;
  return r;
}

void Check(const absl::Status& status) {
  if (status.ok()) return;
  const std::string text = status.ToString();
  std::fprintf(stderr, "%s\n", text.c_str());
  std::abort();
}

std::unique_ptr<Cgroup> Make(int number) {
  CgroupOptions options;
  options.cgroups_path =
      fmt::format("/sysbox-cgroups-benchmark-{}-{}", getpid(), number);
  options.owner_uid = options.owner_gid = 300000;
  auto cgroup = NewCgroup(options);
  Check(cgroup.status());
  return *std::move(cgroup);
}

void BM_Create(benchmark::State& state) {
  const oci::Resources resources = DockerResources();
  int number = 0;
  for (auto _ : state) {
    std::unique_ptr<Cgroup> cgroup = Make(++number);
    Check(cgroup->Create(resources));
    benchmark::DoNotOptimize(cgroup->OpenForInit(InitStart::kWaits));
    state.PauseTiming();
    Check(cgroup->Destroy());
    state.ResumeTiming();
  }
}
BENCHMARK(BM_Create)->Unit(benchmark::kMicrosecond);

void BM_Destroy(benchmark::State& state) {
  const oci::Resources resources = DockerResources();
  int number = 0;
  for (auto _ : state) {
    state.PauseTiming();
    std::unique_ptr<Cgroup> cgroup = Make(++number);
    Check(cgroup->Create(resources));
    state.ResumeTiming();
    Check(cgroup->Destroy());
  }
}
BENCHMARK(BM_Destroy)->Unit(benchmark::kMicrosecond);

void BM_ReadHierarchies(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(ReadHierarchies());
}
BENCHMARK(BM_ReadHierarchies)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace sysbox::cgroups

BENCHMARK_MAIN();
