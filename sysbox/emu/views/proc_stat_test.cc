#include "sysbox/emu/views/proc_stat.h"

#include <cstdint>
#include <string>
#include <vector>

#include "catch2/catch.hpp"
#include "sysbox/emu/views/cpu_use.h"
#include "sysbox/emu/views/cpuinfo.h"
#include "sysbox/emu/views/fake_container.h"
#include "sysbox/emu/views/system_cpu.h"
#include "sysbox/emu/views/uptime.h"
#include "sysbox/emu/views/visible_cpus.h"

namespace sysbox::emu::views {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
using Cpus = std::vector<uint16_t>;

TEST_CASE("CPUs are those of the cpuset, as many as the quota is worth") {
  CHECK(ChooseCpus({0, 1, 2, 3}, {}, std::nullopt) == Cpus{0, 1, 2, 3});
  CHECK(ChooseCpus({0, 1, 2, 3}, {2, 3, 9}, std::nullopt) == Cpus{2, 3});
  CHECK(ChooseCpus({0, 1, 2, 3}, {1, 2, 3}, 1.5) == Cpus{1, 2});
  CHECK(ChooseCpus({0, 1, 2, 3}, {3}, 7.0) == Cpus{3});
  CHECK(ChooseCpus({0, 1, 2, 3}, {}, 0.01) == Cpus{0});
}

TEST_CASE("a quota without limit is none") {
  CHECK(CpusOfQuota("50000", "100000") == 0.5);
  CHECK(CpusOfQuota("max", "100000") == std::nullopt);
  CHECK(CpusOfQuota("-1", "100000") == std::nullopt);
  CHECK(CpusOfQuota("1", "0") == std::nullopt);
}

TEST_CASE("usage is read on v1 and v2") {
  const CpuUse v1 = ParseV1UsageAll("cpu user system\n0 10 1\n2 30 3\n");
  CHECK(v1.user_ns == 40);
  CHECK(v1.system_ns == 4);
  CHECK(v1.per_cpu_ns == std::vector<uint64_t>{11, 0, 33});
  const CpuUse v2 =
      ParseV2CpuStat("usage_usec 9\nuser_usec 7\nsystem_usec 2\n");
  CHECK(v2.user_ns == 7000);
  CHECK(v2.system_ns == 2000);
}

TEST_CASE("uptime has an idle column of its own") {
  CHECK(UptimeText(100 * kSecond, 2, 50 * kSecond) == "100.00 150.00\n");
  CHECK(UptimeText(1'230'000'000, 1, 5 * kSecond) == "1.23 0.00\n");
  CHECK(UptimeText(-1, 1, 0) == "0.00 0.00\n");
}

CpuSample Sample(int64_t seconds, std::vector<uint64_t> seconds_by_cpu) {
  CpuSample sample;
  sample.elapsed_ns = seconds * kSecond;
  for (size_t cpu = 0; cpu < seconds_by_cpu.size(); ++cpu) {
    sample.cpus.push_back(static_cast<uint16_t>(cpu));
    sample.hints.push_back(seconds_by_cpu[cpu] * kSecond);
    sample.user_ns += seconds_by_cpu[cpu] * kSecond;
  }
  return sample;
}

TEST_CASE("each CPU is busy as counted and idle otherwise") {
  CpuHistory history;
  history.Advance(Sample(100, {10, 20}));
  const CpuTotals totals = history.Advance(Sample(110, {10, 30}));
  CHECK(ProcStatText(totals, {.running = 2, .blocked = 1}, 1700000000) ==
        "cpu  4000 0 0 18000 0 0 0 0 0 0\n"
        "cpu0 1000 0 0 10000 0 0 0 0 0 0\n"
        "cpu1 3000 0 0 8000 0 0 0 0 0 0\n"
        "intr 0\nctxt 0\nbtime 1700000000\nprocesses 0\n"
        "procs_running 2\nprocs_blocked 1\n"
        "softirq 0 0 0 0 0 0 0 0 0 0 0\n");
}

TEST_CASE("no CPU is busier than time passed, what is over goes elsewhere") {
  CpuHistory history;
  history.Advance(Sample(10, {0, 0}));
  // A quota of two CPUs on a host of more: hidden ones were used as well.
  CpuSample sample = Sample(20, {8, 0});
  sample.user_ns = 15 * kSecond;
  const CpuTotals totals = history.Advance(sample);
  CHECK(totals.cpus[0].user_ns == Approx(10e9));
  CHECK(totals.cpus[1].user_ns == Approx(5e9));
  CHECK(totals.all.idle_ns == Approx(25e9));
}

TEST_CASE("numbers never decrease when CPUs come and go") {
  CpuHistory history;
  std::vector<CpuSample> samples = {
      Sample(10, {5, 5}),        Sample(20, {10}), Sample(30, {15, 0, 0, 9}),
      Sample(30, {15, 0, 0, 9}), Sample(29, {1}),  Sample(40, {15, 0, 0, 9})};
  double busy = 0, idle = 0;
  uint64_t used = 0;
  for (CpuSample& sample : samples) {
    sample.user_ns = used += 4 * kSecond;
    const CpuTotals totals = history.Advance(sample);
    CHECK(totals.all.user_ns >= busy);
    CHECK(totals.all.idle_ns >= idle);
    busy = totals.all.user_ns;
    idle = totals.all.idle_ns;
  }
}

TEST_CASE("use that no CPU shown had time for is forgotten, not kept") {
  CpuHistory history;
  CpuSample sample = Sample(10, {0});
  sample.user_ns = 40 * kSecond;
  history.Advance(sample);
  sample.elapsed_ns = 20 * kSecond;
  const CpuTotals totals = history.Advance(sample);
  CHECK(totals.cpus[0].user_ns == Approx(11e9));
}

TEST_CASE("switches are the container's share of the host's") {
  CpuHistory history;
  CpuSample sample = Sample(10, {0});
  sample.host_switches = 1000;
  history.Advance(sample);
  sample = Sample(20, {5});
  sample.host_busy_ns = 10 * kSecond;
  sample.host_switches = 3000;
  CHECK(history.Advance(sample).switches == 1000);
}

TEST_CASE("stat and the CPU list follow a v1 container's limits") {
  FakeContainer container(CgroupLayout::kV1);
  container.Write("cgroup/cpuset/docker/web/cpuset.effective_cpus", "1-3\n");
  container.Write("cgroup/cpu/docker/web/cpu.cfs_quota_us", "-1\n");
  container.Write("cgroup/cpu/docker/cpu.cfs_quota_us", "150000\n");
  container.Write("cgroup/cpu/docker/cpu.cfs_period_us", "100000\n");
  container.Write("cgroup/cpuacct/docker/web/cpuacct.usage_all",
                  "cpu user system\n0 0 0\n1 2000000000 1000000000\n2 0 0\n");
  CHECK(container.Generate(&SystemCpus) == "0-1\n");
  CHECK(container.Generate(&NoSystemCpus) == "\n");
  container.facts_.started_ns = 0;
  const std::string text = container.Generate(&ProcStat);
  CHECK(text.substr(0, 13) == "cpu  200 0 10");
  CHECK(text.find("\ncpu0 200 0 100 ") != text.npos);
  CHECK(text.find("\ncpu1 0 0 0 ") != text.npos);
  CHECK(text.find("cpu2") == text.npos);
  CHECK(text.find("\nbtime 1700000000\n") != text.npos);
}

TEST_CASE("v2's limits are found up the tree") {
  FakeContainer container(CgroupLayout::kV2);
  container.Write("cgroup/docker/cpuset.cpus.effective", "0,2\n");
  container.Write("cgroup/docker/web/cpu.max", "max 100000\n");
  CHECK(container.Generate(&SystemCpus) == "0-1\n");
  container.Write("cgroup/docker/cpu.max", "50000 100000\n");
  CHECK(container.Generate(&SystemCpus) == "0\n");
  container.Write("cgroup/docker/web/cpu.stat", "user_usec 5\nsystem_usec 5\n");
  container.facts_.started_ns = 0;
  CHECK(container.Generate(&Uptime).find("0.00") != 0);
}

constexpr char kCpuinfo[] =
    "processor\t: 0\nmodel name\t: X\nphysical id\t: 0\nsiblings\t: 4\n"
    "core id\t\t: 0\ncpu cores\t: 2\npower management:\n\n"
    "processor\t: 1\nmodel name\t: X\nphysical id\t: 0\nsiblings\t: 4\n"
    "core id\t\t: 1\ncpu cores\t: 2\npower management:\n\n"
    "processor\t: 2\nmodel name\t: X\nphysical id\t: 0\nsiblings\t: 4\n"
    "core id\t\t: 0\ncpu cores\t: 2\npower management:\n\n";

TEST_CASE("cpuinfo has the container's CPUs, numbered from 0") {
  CHECK(CpuinfoText(kCpuinfo, {1, 2}) ==
        "processor\t: 0\nmodel name\t: X\nphysical id\t: 0\nsiblings\t: 2\n"
        "core id\t\t: 1\ncpu cores\t: 2\npower management:\n\n"
        "processor\t: 1\nmodel name\t: X\nphysical id\t: 0\nsiblings\t: 2\n"
        "core id\t\t: 0\ncpu cores\t: 2\npower management:\n\n");
}

TEST_CASE("blocks of cpuinfo that are no processor stay") {
  CHECK(CpuinfoText("processor\t: 0\n\nprocessor\t: 1\n\nHardware\t: Y\n",
                    {1}) == "processor\t: 0\n\nHardware\t: Y\n\n");
}

}  // namespace
}  // namespace sysbox::emu::views
