#include "sysbox/runtime/events.h"

#include "catch2/catch.hpp"

namespace sysbox::runtime {
namespace {

TEST_CASE("an idle container's statistics have runc's keys") {
  CHECK(StatsEvent("web", {}) ==
        R"({"type":"stats","id":"web","data":{)"
        R"("cpu":{"usage":{"kernel":0,"user":0},"throttling":{}},)"
        R"("cpuset":{"cpu_exclusive":0,"mem_hardwall":0,"mem_exclusive":0,)"
        R"("memory_migrate":0,"memory_spread_page":0,"memory_spread_slab":0,)"
        R"("memory_pressure":0,"sched_load_balance":0,)"
        R"("sched_relax_domain_level":0},)"
        R"("memory":{"usage":{"limit":0,"failcnt":0},)"
        R"("swap":{"limit":0,"failcnt":0},"kernel":{"limit":0,"failcnt":0},)"
        R"("kernelTCP":{"limit":0,"failcnt":0}},"pids":{},"blkio":{},)"
        R"("hugetlb":{},"intel_rdt":{},"network_interfaces":null}})");
}

TEST_CASE("what is used is told") {
  cgroups::Stats stats;
  stats.cpu.usage_total_ns = 30;
  stats.cpu.usage_kernel_ns = 10;
  stats.cpu.usage_user_ns = 20;
  stats.cpu.usage_per_cpu_ns = {12, 18};
  stats.cpu.kernel_per_cpu_ns = {4, 6};
  stats.cpu.user_per_cpu_ns = {8, 12};
  stats.cpu.throttling_periods = 3;
  stats.cpu.throttled_periods = 2;
  stats.cpu.throttled_time_ns = 1;
  stats.cpuset_cpus = "0-1";
  stats.cpuset_mems = "0";
  stats.cpuset_flags.sched_load_balance = 1;
  stats.cpuset_flags.sched_relax_domain_level = -1;
  stats.memory.cache = 5;
  stats.memory.usage = {100, 50, 60, 7};
  stats.memory.raw = {{"rss", 9}};
  stats.pids_current = 4;
  stats.pids_limit = 99;
  stats.io_service_bytes = {{8, 0, "Read", 512}};
  stats.io_serviced = {{8, 0, "Read", 1}};
  stats.hugetlb = {{"2MB", {1, 2, 3}}};
  const std::string line = StatsEvent("web", stats);
  for (const char* part :
       {R"("cpu":{"usage":{"total":30,"percpu":[12,18],"percpu_kernel":[4,6],)"
        R"("percpu_user":[8,12],"kernel":10,"user":20},)"
        R"("throttling":{"periods":3,"throttledPeriods":2,"throttledTime":1}})",
        R"("cpuset":{"cpus":[0,1],"cpu_exclusive":0,"mems":[0],)",
        R"("sched_load_balance":1,"sched_relax_domain_level":-1})",
        R"("memory":{"cache":5,"usage":{"limit":100,"usage":50,"max":60,)"
        R"("failcnt":7},)",
        R"("raw":{"rss":9}})", R"("pids":{"current":4,"limit":99})",
        R"("blkio":{"ioServiceBytesRecursive":[)"
        R"({"major":8,"op":"Read","value":512}],)"
        R"("ioServicedRecursive":[{"major":8,"op":"Read","value":1}]})",
        R"("hugetlb":{"2MB":{"usage":1,"max":2,"failcnt":3}})"}) {
    INFO(line);
    INFO(part);
    CHECK(line.find(part) != std::string::npos);
  }
}

TEST_CASE("an out-of-memory event has no data") {
  CHECK(OomEvent("web") == R"({"type":"oom","id":"web"})");
}

}  // namespace
}  // namespace sysbox::runtime
