#include "sysbox/cgroups/stats.h"

#include <fcntl.h>

#include <string>

#include "catch2/catch.hpp"
#include "fmt/format.h"
#include "sysbox/cgroups/control_file.h"
#include "sysbox/cgroups/v1_cpuset.h"
#include "sysbox/cgroups/v1_stats.h"
#include "sysbox/cgroups/v2_stats.h"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::cgroups {
namespace {

std::string Text(const std::vector<BlkioEntry>& entries) {
  std::string text;
  for (const BlkioEntry& entry : entries) {
    text += fmt::format("{}:{} {} {}\n", entry.major, entry.minor, entry.op,
                        entry.value);
  }
  return text;
}

TEST_CASE("blkio lines are entries, the grand total is none") {
  CHECK(Text(ParseBlkio("8:0 Read 4096\n8:0 Total 5000\nTotal 5000\nx\n")) ==
        "8:0 Read 4096\n8:0 Total 5000\n");
}

TEST_CASE("cpuacct.usage_all is user and kernel time of each CPU") {
  CpuStats cpu;
  ParseCpuacctAll("cpu user system\n0 8 4\n1 12 6\nx\n", &cpu);
  CHECK(cpu.user_per_cpu_ns == std::vector<uint64_t>{8, 12});
  CHECK(cpu.kernel_per_cpu_ns == std::vector<uint64_t>{4, 6});
}

TEST_CASE("io.stat splits into bytes and operations") {
  Stats stats;
  AddIoStat("8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\nbad\n",
            &stats);
  CHECK(Text(stats.io_service_bytes) ==
        "8:0 Read 1\n8:0 Write 2\n8:0 Discard 5\n");
  CHECK(Text(stats.io_serviced) == "8:0 Read 3\n8:0 Write 4\n8:0 Discard 6\n");
}

TEST_CASE("a device of io.stat without numbers has not those of the next") {
  Stats stats;
  AddIoStat("7:1 7:0 8:0 rbytes=1 rios=3\n(unknown) rbytes=9 wbytes=8\n",
            &stats);
  CHECK(Text(stats.io_service_bytes) == "8:0 Read 1\n");
  CHECK(Text(stats.io_serviced) == "8:0 Read 3\n");
}

TEST_CASE("flat keyed files parse, what is malformed is left out") {
  const auto values = ParseFlatKeyed("a 1\nb\nc x\nd 18446744073709551615\n");
  CHECK(values.size() == 2);
  CHECK(values.at("d") == kUnlimited);
  CHECK(FlatKeyedValue("ab 1\na 2\n", "a") == 2);
  CHECK(FlatKeyedValue("ab 1\n", "a") == std::nullopt);
  CHECK(ParseLimit("max") == kUnlimited);
  CHECK(ParseLimit("") == std::nullopt);
}

TEST_CASE("cpu lists intersect") {
  CHECK(IntersectCpuList("0-3,8", "2-9") == "2-3,8");
  CHECK(IntersectCpuList("0", "1") == "");
  CHECK(IntersectCpuList("0-x", "0-3") == "");
}

// v2's memory files, which no hierarchy of a v1 host shows.
TEST_CASE("v2 memory numbers come in v1's terms") {
  testing::TempDir dir;
  auto put = [&](const char* name, const char* text) {
    REQUIRE_OK(ReplaceFile(dir.path() + "/" + name, text, 0600));
  };
  put("memory.stat", "anon 10\nfile 4096\n");
  put("memory.current", "5000\n");
  put("memory.max", "10000\n");
  put("memory.peak", "7000\n");
  put("memory.swap.current", "100\n");
  put("memory.swap.max", "2000\n");
  put("memory.events", "low 0\nmax 3\noom 1\n");
  put("cpu.stat",
      "usage_usec 7\nuser_usec 4\nsystem_usec 3\nnr_periods 2\n"
      "nr_throttled 1\nthrottled_usec 9\n");
  put("pids.current", "4\n");
  put("pids.max", "max\n");
  Fd fd = VALUE_OF(Open(dir.path(), {.flags = O_RDONLY | O_DIRECTORY}));
  Stats stats;
  for (const char* controller : {"cpu", "memory", "pids", "hugetlb", "misc"}) {
    CHECK_OK(AddV2Stats(controller, fd, &stats));
  }
  CHECK(stats.memory.cache == 4096);
  CHECK(stats.memory.usage.usage == 5000);
  CHECK(stats.memory.usage.limit == 10000);
  CHECK(stats.memory.usage.max == 7000);
  CHECK(stats.memory.usage.failcnt == 3);
  CHECK(stats.memory.swap.usage == 5100);
  CHECK(stats.memory.swap.limit == 12000);
  CHECK(stats.memory.raw.at("anon") == 10);
  CHECK(stats.cpu.usage_total_ns == 7000);
  CHECK(stats.cpu.usage_kernel_ns == 3000);
  CHECK(stats.cpu.throttled_time_ns == 9000);
  CHECK(stats.cpu.throttling_periods == 2);
  CHECK(stats.pids_current == 4);
  CHECK(stats.pids_limit == 0);
}

}  // namespace
}  // namespace sysbox::cgroups
