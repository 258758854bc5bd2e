#include "sysbox/emu/views/meminfo.h"

#include <string>

#include "catch2/catch.hpp"
#include "sysbox/emu/views/fake_container.h"
#include "sysbox/emu/views/swaps.h"
#include "sysbox/emu/views/vmstat.h"

namespace sysbox::emu::views {
namespace {

constexpr char kHost[] =
    "MemTotal:        8388608 kB\n"
    "MemFree:         6000000 kB\n"
    "MemAvailable:    7000000 kB\n"
    "Buffers:            7728 kB\n"
    "Cached:           137952 kB\n"
    "Active(file):     116768 kB\n"
    "SwapTotal:       1048576 kB\n"
    "SwapFree:        1000000 kB\n"
    "SUnreclaim:        42748 kB\n"
    "CommitLimit:     5242880 kB\n"
    "VmallocTotal:   34359738367 kB\n"
    "NewInTheKernel:  9999999 kB\n"
    "HugePages_Total:       0\n"
    "Hugepagesize:       2048 kB\n"
    "DirectMap4k:      100000 kB\n"
    "DirectMap1G:     9000000 kB\n";

constexpr char kV1Stat[] =
    "cache 1\nrss 2\n"
    "hierarchical_memory_limit 536870912\n"
    "hierarchical_memsw_limit 805306368\n"
    "total_cache 104857600\n"
    "total_rss 52428800\n"
    "total_shmem 1048576\n"
    "total_swap 1048576\n"
    "total_pgpgin 77\n"
    "total_pgfault 88\n"
    "total_pgmajfault 9\n"
    "total_active_file 73400320\n"
    "total_inactive_file 31457280\n";

MemoryUse V1Use() {
  MemoryUse use;
  use.usage = 209715200;  // 200 MiB
  AddV1MemoryStat(kV1Stat, &use);
  return use;
}

TEST_CASE("meminfo is the host's clipped to the container's limit") {
  CHECK(MeminfoText(kHost, V1Use()) ==
        "MemTotal:         524288 kB\n"
        "MemFree:          319488 kB\n"
        "MemAvailable:     421888 kB\n"
        "Buffers:               0 kB\n"
        "Cached:           102400 kB\n"
        "Active(file):      71680 kB\n"
        "SwapTotal:        262144 kB\n"
        "SwapFree:         261120 kB\n"
        "SUnreclaim:            0 kB\n"
        "CommitLimit:      524288 kB\n"
        "VmallocTotal:   34359738367 kB\n"
        "NewInTheKernel:   524288 kB\n"
        "HugePages_Total:       0\n"
        "Hugepagesize:       2048 kB\n"
        "DirectMap4k:      100000 kB\n"
        "DirectMap1G:      424288 kB\n");
}

TEST_CASE("a container cannot have more memory free than its host") {
  MemoryUse use;
  use.counted = true;
  use.limit = uint64_t{7} << 30;
  const MemoryTotals totals = TotalsOf(
      "MemTotal: 8388608 kB\nMemFree: 1000 kB\nMemAvailable: 2000 kB\n", use);
  CHECK(totals.total == uint64_t{7} << 20);
  CHECK(totals.free == 1000);
  CHECK(totals.available == 2000);
}

TEST_CASE("usage above the limit leaves nothing free, and never wraps") {
  MemoryUse use = V1Use();
  use.usage = use.limit + 4096;
  use.swap = uint64_t{1} << 40;
  const MemoryTotals totals = TotalsOf(kHost, use);
  CHECK(totals.free == 0);
  CHECK(totals.available == 102400);
  CHECK(totals.swap_free == 0);
}

TEST_CASE("without limits v1's largest numbers mean the host's memory") {
  MemoryUse use;
  AddV1MemoryStat(
      "hierarchical_memory_limit 9223372036854771712\n"
      "hierarchical_memsw_limit 9223372036854771712\n",
      &use);
  const MemoryTotals totals = TotalsOf(kHost, use);
  CHECK(totals.total == 8388608);
  CHECK(totals.free == 6000000);
  CHECK(totals.swap_total == 1048576);
}

TEST_CASE("without a memory controller meminfo is the host's") {
  CHECK(MeminfoText(kHost, MemoryUse()) == kHost);
}

TEST_CASE("v2: the lowest limit up the tree counts") {
  FakeContainer container(CgroupLayout::kV2);
  container.Write("cgroup/docker/web/memory.current", "104857600\n");
  container.Write("cgroup/docker/web/memory.stat",
                  "anon 52428800\nfile 41943040\nactive_file 41943040\n"
                  "slab_reclaimable 1048576\n");
  container.Write("cgroup/docker/web/memory.swap.current", "0\n");
  container.Write("cgroup/docker/web/memory.max", "max\n");
  container.Write("cgroup/docker/web/memory.swap.max", "0\n");
  container.Write("cgroup/docker/memory.max", "268435456\n");
  const std::string text = container.Generate(&Meminfo);
  CHECK(MeminfoValue(text, "MemTotal") == 262144);
  CHECK(MeminfoValue(text, "MemFree") == 262144 - 102400);
  CHECK(MeminfoValue(text, "Cached") == 40960);
  CHECK(MeminfoValue(text, "MemAvailable") == 262144 - 102400 + 40960 + 1024);
  CHECK(MeminfoValue(text, "SwapTotal") == 0);
}

TEST_CASE("v2: no depth of cgroups hides the container's limit") {
  FakeContainer container(CgroupLayout::kV2);
  std::string inner = "/docker/web";
  for (int i = 0; i < 100; ++i) inner += "/in";
  container.AddProcess(200, 0, inner);
  container.Write("cgroup/docker/web/memory.max", "268435456\n");
  container.Write("cgroup" + inner + "/memory.current", "4096\n");
  container.Write("cgroup" + inner + "/memory.max", "max\n");
  CHECK(MeminfoValue(container.Generate(&Meminfo, 200), "MemTotal") == 262144);
}

TEST_CASE("an inner container with a limit of its own is told that one") {
  FakeContainer container(CgroupLayout::kV1);
  container.Write("cgroup/memory/docker/web/memory.stat", kV1Stat);
  const std::string inner = "/docker/web/syscont-cgroup-root/docker/in";
  container.AddProcess(200, 0, inner);
  container.AddProcess(201, FakeContainer::kInit,
                       "/docker/web/syscont-cgroup-root/system.slice");
  for (const char* controller :
       {"blkio", "cpu", "cpuacct", "cpuset", "devices", "freezer"}) {
    container.Write("cgroup/" + std::string(controller) + inner + "/tasks", "");
  }
  container.Write("cgroup/memory" + inner + "/memory.stat",
                  "hierarchical_memory_limit 134217728\n");
  CHECK(MeminfoValue(container.Generate(&Meminfo, 200), "MemTotal") == 131072);
  // A service, the kernel, and somebody who is gone: the container's.
  for (const pid_t caller : {201, 0, 999}) {
    CHECK(MeminfoValue(container.Generate(&Meminfo, caller), "MemTotal") ==
          524288);
  }
}

TEST_CASE("a cgroup that cannot be found is none") {
  FakeContainer container(CgroupLayout::kV1);
  container.AddProcess(101, 0, "/elsewhere");
  container.facts_.init = 101;
  CHECK(MeminfoValue(container.Generate(&Meminfo, 101), "MemTotal") == 8388608);
}

TEST_CASE("before it is activated a container has no limits") {
  FakeContainer container(CgroupLayout::kV1);
  container.facts_.init = 0;
  CHECK(MeminfoValue(container.Generate(&Meminfo), "MemTotal") == 8388608);
}

TEST_CASE("swap space is one area that is not the host's") {
  CHECK(SwapsText({}) == "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
  CHECK(SwapsText({.total = 0, .swap_total = 262144, .swap_free = 261120}) ==
        "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
        "none                                    virtual\t\t262144\t\t1024\t\t"
        "-2\n");
}

TEST_CASE("vmstat has the kernel's lines with what the cgroup counts") {
  VmstatInput input;
  input.memory = V1Use();
  input.free_bytes = 4096 * 10;
  input.read_bytes = 2048;
  input.written_bytes = 1024;
  input.oom_kills = 3;
  CHECK(VmstatText("nr_free_pages 1\nnr_file_pages 2\npgpgin 3\npgpgout 4\n"
                   "pgfault 5\npgmajfault 6\nnuma_hit 7\noom_kill 8\n",
                   input) ==
        "nr_free_pages 10\nnr_file_pages 25600\npgpgin 2\npgpgout 1\n"
        "pgfault 88\npgmajfault 9\nnuma_hit 0\noom_kill 3\n");
}

}  // namespace
}  // namespace sysbox::emu::views
