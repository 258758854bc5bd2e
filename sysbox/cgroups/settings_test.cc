// Both versions' conversions of the same resources, side by side.
#include <string>

#include "catch2/catch.hpp"
#include "sysbox/cgroups/control_file.h"
#include "sysbox/cgroups/hybrid_settings.h"
#include "sysbox/cgroups/unversioned_settings.h"
#include "sysbox/cgroups/v1_settings.h"
#include "sysbox/cgroups/v2_settings.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::cgroups {
namespace {

std::string V1(const oci::Resources& resources, uint64_t current = kUnlimited) {
  return DescribeSettings(VALUE_OF(V1Settings(resources, current)));
}
std::string V2(const oci::Resources& resources) {
  return DescribeSettings(VALUE_OF(V2Settings(resources)));
}

oci::Resources MemoryAndSwap(int64_t limit, int64_t swap) {
  oci::Resources resources;
  resources.memory.emplace();
  resources.memory->limit = limit;
  resources.memory->swap = swap;
  return resources;
}

oci::Resources Everything() {
  oci::Resources r;
  r.memory.emplace();
  r.memory->limit = 1000;
  r.memory->swap = 3000;
  r.memory->reservation = 500;
  r.memory->kernel = 77;
  r.memory->kernel_tcp = 78;
  r.memory->swappiness = 10;
  r.memory->disable_oom_killer = true;
  r.cpu.emplace();
  r.cpu->shares = 1024;
  r.cpu->quota = 50000;
  r.cpu->period = 100000;
  r.cpu->burst = 10;
  r.cpu->idle = 1;
  r.cpu->realtime_runtime = 5;
  r.cpu->realtime_period = 6;
  r.cpu->cpus = "0-1";
  r.cpu->mems = "0";
  r.pids.emplace();
  r.pids->limit = 100;
  r.block_io.emplace();
  r.block_io->weight = 500;
  r.block_io->leaf_weight = 300;
  r.block_io->weight_device = {{8, 0, 600, 700}};
  r.block_io->throttle_read_bps_device = {{8, 0, 1048576}};
  r.block_io->throttle_write_iops_device = {{8, 16, 0}};
  r.hugepage_limits = {{"2MB", 4194304}};
  r.network.emplace();
  r.network->class_id = 0x100001;
  r.network->priorities = {{"eth0", 5}};
  r.rdma["mlx5_1"] = {3, 10000};
  return r;
}

TEST_CASE("every value has its v1 file") {
  CHECK(V1(Everything()) ==
        "memory memory.limit_in_bytes = 1000 (memory.limit) also in child\n"
        "memory memory.memsw.limit_in_bytes = 3000 (memory.swap) also in "
        "child\n"
        "cpu cpu.shares = 1024 (cpu.shares)\n"
        "cpu cpu.cfs_period_us = 100000 (cpu.period)\n"
        "cpu cpu.cfs_burst_us = 10 (cpu.burst)\n"
        "cpu cpu.cfs_quota_us = 50000 (cpu.quota)\n"
        "cpu cpu.rt_period_us = 6 (cpu.realtimePeriod)\n"
        "cpu cpu.rt_runtime_us = 5 (cpu.realtimeRuntime)\n"
        "cpu cpu.idle = 1 (cpu.idle)\n"
        "memory memory.soft_limit_in_bytes = 500 (memory.reservation) also in "
        "child\n"
        "memory memory.oom_control = 1 (memory.disableOOMKiller) also in "
        "child\n"
        "memory memory.swappiness = 10 (memory.swappiness) also in child\n"
        "pids pids.max = 100 (pids.limit) also in child\n"
        "net_cls net_cls.classid = 1048577 (network.classID)\n"
        "blkio blkio.weight = 500 (blockIO.weight)\n"
        "blkio blkio.leaf_weight = 300 (blockIO.leafWeight)\n"
        "blkio blkio.weight_device = 8:0 600 "
        "(blockIO.weightDevice[0].weight)\n"
        "blkio blkio.leaf_weight_device = 8:0 700 "
        "(blockIO.weightDevice[0].leafWeight)\n"
        "blkio blkio.throttle.read_bps_device = 8:0 1048576 "
        "(blockIO.throttleReadBpsDevice[0])\n"
        "blkio blkio.throttle.write_iops_device = 8:16 0 "
        "(blockIO.throttleWriteIOPSDevice[0])\n"
        "hugetlb hugetlb.2MB.limit_in_bytes = 4194304 (hugepageLimits[0])\n"
        "hugetlb hugetlb.2MB.rsvd.limit_in_bytes = 4194304 "
        "(hugepageLimits[0])\n"
        "rdma rdma.max = mlx5_1 hca_handle=3 hca_object=10000 "
        "(rdma[\"mlx5_1\"])\n"
        "net_prio net_prio.ifpriomap = eth0 5 (network.priorities[0])\n");
}

TEST_CASE("every value that v2 can express has its v2 file") {
  oci::Resources resources = Everything();
  resources.unified = {{"memory.high", "900"}, {"cgroup.max.depth", "5"}};
  CHECK(V2(resources) ==
        "pids pids.max = 100 (pids.limit)\n"
        "memory memory.swap.max = 2000 (memory.swap)\n"
        "memory memory.max = 1000 (memory.limit)\n"
        "memory memory.low = 500 (memory.reservation)\n"
        "io io.bfq.weight = 500 (blockIO.weight)\n"
        "io io.bfq.weight = 8:0 600 (blockIO.weightDevice[0].weight)\n"
        "io io.max = 8:0 rbps=1048576 (blockIO.throttleReadBpsDevice[0])\n"
        "io io.max = 8:16 wiops=max (blockIO.throttleWriteIOPSDevice[0])\n"
        "cpu cpu.weight = 39 (cpu.shares)\n"
        "cpu cpu.max.burst = 10 (cpu.burst)\n"
        "cpu cpu.max = 50000 100000 (cpu.quota)\n"
        "cpu cpu.idle = 1 (cpu.idle)\n"
        "cpuset cpuset.cpus = 0-1 (cpu.cpus)\n"
        "cpuset cpuset.mems = 0 (cpu.mems)\n"
        "hugetlb hugetlb.2MB.max = 4194304 (hugepageLimits[0])\n"
        "hugetlb hugetlb.2MB.rsvd.max = 4194304 (hugepageLimits[0])\n"
        "rdma rdma.max = mlx5_1 hca_handle=3 hca_object=10000 "
        "(rdma[\"mlx5_1\"])\n"
        " cgroup.max.depth = 5 (unified[\"cgroup.max.depth\"])\n"
        "memory memory.high = 900 (unified[\"memory.high\"])\n");
}

TEST_CASE("Docker's zeros set nothing") {
  oci::Resources r;
  r.memory.emplace();
  r.memory->limit = 0;
  r.memory->swap = 0;
  r.memory->disable_oom_killer = false;
  r.memory->swappiness = static_cast<uint64_t>(-1);
  r.cpu.emplace();
  r.cpu->shares = 0;
  r.cpu->quota = 0;
  r.cpu->period = 0;
  r.pids.emplace();
  r.block_io.emplace();
  r.block_io->weight = 0;
  CHECK(V1(r).empty());
  CHECK(V2(r).empty());
}

TEST_CASE("v1 writes memory and memory+swap in the order the kernel takes") {
  constexpr char kMemoryFirst[] =
      "memory memory.limit_in_bytes = 100 (memory.limit) also in child\n"
      "memory memory.memsw.limit_in_bytes = 200 (memory.swap) also in child\n";
  constexpr char kSwapFirst[] =
      "memory memory.memsw.limit_in_bytes = 200 (memory.swap) also in child\n"
      "memory memory.limit_in_bytes = 100 (memory.limit) also in child\n";
  const oci::Resources resources = MemoryAndSwap(100, 200);
  CHECK(V1(resources, kUnlimited) == kMemoryFirst);
  CHECK(V1(resources, 300) == kMemoryFirst);  // lowering
  CHECK(V1(resources, 150) == kSwapFirst);    // raising
  CHECK(V1(MemoryAndSwap(-1, 0), 5) ==
        "memory memory.memsw.limit_in_bytes = -1 (memory.swap) also in child\n"
        "memory memory.limit_in_bytes = -1 (memory.limit) also in child\n");
  CHECK(V1(MemoryAndSwap(7, -1), 5) ==
        "memory memory.memsw.limit_in_bytes = -1 (memory.swap) also in child\n"
        "memory memory.limit_in_bytes = 7 (memory.limit) also in child\n");
}

TEST_CASE("v2 takes the memory out of memory+swap") {
  bool disable = false;
  CHECK(*SwapOnly(0, 100, &disable) == 0);
  CHECK(*SwapOnly(-1, 100, &disable) == -1);
  CHECK(*SwapOnly(0, -1, &disable) == -1);
  CHECK(*SwapOnly(300, -1, &disable) == 300);
  CHECK(*SwapOnly(300, 100, &disable) == 200);
  CHECK_FALSE(disable);
  CHECK(*SwapOnly(100, 100, &disable) == 0);
  CHECK(disable);
  CHECK_FALSE(SwapOnly(100, 0, &disable).ok());
  CHECK_FALSE(SwapOnly(50, 100, &disable).ok());
  CHECK(V2(MemoryAndSwap(100, 100)) ==
        "memory memory.swap.max = 0 (memory.swap)\n"
        "memory memory.max = 100 (memory.limit)\n");
  CHECK(MessageOf(V2Settings(MemoryAndSwap(100, 50)).status()) ==
        "linux.resources.memory.swap: memory+swap limit should be >= memory "
        "limit");
}

TEST_CASE("weights convert as runc's do") {
  CHECK(CpuWeightFromShares(0) == 0);
  CHECK(CpuWeightFromShares(2) == 1);
  CHECK(CpuWeightFromShares(1024) == 39);
  CHECK(CpuWeightFromShares(262144) == 10000);
  CHECK(CpuWeightFromShares(1) == 1);
  CHECK(CpuWeightFromShares(~uint64_t{0}) == 10000);
  CHECK(IoWeightFromBlkio(0) == 0);
  CHECK(IoWeightFromBlkio(10) == 1);
  CHECK(IoWeightFromBlkio(1000) == 10000);
}

TEST_CASE("a quota alone gets the default period on v2") {
  oci::Resources r;
  r.cpu.emplace();
  r.cpu->quota = 25000;
  CHECK(V2(r) == "cpu cpu.max = 25000 100000 (cpu.quota)\n");
  r.cpu->quota = -1;
  r.cpu->period = 20000;
  CHECK(V2(r) == "cpu cpu.max = max 20000 (cpu.quota)\n");
}

TEST_CASE("an unlimited number of pids is max") {
  oci::Resources r;
  r.pids.emplace();
  r.pids->limit = -1;
  CHECK(V1(r) == "pids pids.max = max (pids.limit) also in child\n");
  CHECK(V2(r) == "pids pids.max = max (pids.limit)\n");
}

TEST_CASE("values out of range name their field") {
  oci::Resources r;
  r.memory.emplace();
  r.memory->swappiness = 101;
  CHECK(MessageOf(V1Settings(r, kUnlimited).status()) ==
        "linux.resources.memory.swappiness: invalid value 101 (valid range is "
        "0-100)");
}

TEST_CASE("unified entries must be plain file names") {
  oci::Resources r;
  r.unified = {{"../x", "1"}};
  CHECK(MessageOf(V2Settings(r).status()) ==
        "linux.resources.unified[\"../x\"]: must be a file name (no slashes)");
  r.unified = {{"memory", "1"}};
  CHECK_FALSE(V2Settings(r).ok());
  r.unified = {{"io.max", "8:0 rbps=1\n8:16 wbps=2\n"}};
  CHECK(V2(r) ==
        "io io.max = 8:0 rbps=1 (unified[\"io.max\"])\n"
        "io io.max = 8:16 wbps=2 (unified[\"io.max\"])\n");
}

TEST_CASE("on a hybrid host each value goes to the version that has it") {
  const std::vector<std::string> v1 = {"cpu", "memory", "pids", "cpuset"};
  oci::Resources r = MemoryAndSwap(100, 0);
  r.hugepage_limits = {{"2MB", 1}};
  CHECK(MayNeedUnified(r, v1));
  HybridSettings split =
      VALUE_OF(SplitSettings(r, kUnlimited, v1, {"hugetlb"}));
  CHECK(DescribeSettings(split.v1) ==
        "memory memory.limit_in_bytes = 100 (memory.limit) also in child\n");
  CHECK(DescribeSettings(split.v2) ==
        "hugetlb hugetlb.2MB.max = 1 (hugepageLimits[0])\n"
        "hugetlb hugetlb.2MB.rsvd.max = 1 (hugepageLimits[0])\n");
  // Nobody has it: left for the v1 writer to report.
  split = VALUE_OF(SplitSettings(r, kUnlimited, v1, {}));
  CHECK(split.v2.empty());
  CHECK(split.v1.size() == 3);
  r.hugepage_limits.clear();
  CHECK_FALSE(MayNeedUnified(r, v1));
}

TEST_CASE("blkio's limits go to io where only v2 has it") {
  oci::Resources r;
  r.block_io.emplace();
  r.block_io->throttle_read_bps_device = {{8, 0, 10}};
  const HybridSettings split =
      VALUE_OF(SplitSettings(r, kUnlimited, {"cpu"}, {"io"}));
  CHECK(split.v1.empty());
  CHECK(DescribeSettings(split.v2) ==
        "io io.max = 8:0 rbps=10 (blockIO.throttleReadBpsDevice[0])\n");
}

TEST_CASE("checkBeforeUpdate refuses limits below the usage") {
  oci::Memory memory;
  memory.limit = 100;
  CHECK_OK(CheckMemoryUsage(memory, 200));
  memory.check_before_update = true;
  CHECK_OK(CheckMemoryUsage(memory, 100));
  CHECK(MessageOf(CheckMemoryUsage(memory, 200)) ==
        "linux.resources.memory.limit: rejecting 100: current usage is 200");
}

}  // namespace
}  // namespace sysbox::cgroups
