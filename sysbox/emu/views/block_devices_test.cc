#include "sysbox/emu/views/block_devices.h"

#include <string>

#include "catch2/catch.hpp"
#include "sysbox/emu/views/devices.h"
#include "sysbox/emu/views/fake_container.h"
#include "sysbox/emu/views/io_use.h"
#include "sysbox/emu/views/pressure.h"

namespace sysbox::emu::views {
namespace {

constexpr char kDiskstats[] =
    "   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
    " 254       0 vda 59437 11287 4605066 19948 1226677 789191 41921712 "
    "1087331 0 162556 1230400 510799 85 24144032 104628 180153 18492\n";
constexpr char kPartitions[] =
    "major minor  #blocks  name\n\n   7        0      10240 loop0\n"
    " 254        0  268435456 vda\n";

IoUseMap V1Use() {
  IoUseMap use;
  AddV1Counts(
      "254:0 Read 3\n254:0 Write 4\n254:0 Total 7\n8:0 Read 0\n"
      "Total 7\n",
      &use);
  AddV1Bytes("254:0 Read 4096\n254:0 Write 8192\nTotal 12288\n", &use);
  return use;
}

TEST_CASE("diskstats has the container's devices with its own numbers") {
  CHECK(DiskstatsText(kDiskstats, V1Use()) ==
        " 254       0 vda 3 0 8 0 4 0 16 0 0 0 0 0 0 0 0 0 0\n");
  CHECK(DiskstatsText("   8       0 sda 1 1 1 1 1 1 1 1 1 1 1\n",
                      {{{8, 0}, {.reads = 1}}}) ==
        "   8       0 sda 1 0 0 0 0 0 0 0 0 0 0\n");
}

TEST_CASE("partitions has those devices only") {
  CHECK(PartitionsText(kPartitions, V1Use()) ==
        "major minor  #blocks  name\n\n 254        0  268435456 vda\n");
}

TEST_CASE("v2's io.stat is read") {
  const IoUseMap use = ParseV2IoStat(
      "254:0 rbytes=512 wbytes=1024 rios=1 wios=2 dbytes=0 dios=0\n"
      "7:0 \nbad\n254:x rbytes=1\n");
  REQUIRE(use.size() == 1);
  CHECK(use.at({254, 0}).read_bytes == 512);
  CHECK(use.at({254, 0}).writes == 2);
}

TEST_CASE("a device of io.stat without numbers has not those of the next") {
  const IoUseMap use = ParseV2IoStat(
      "7:1 7:0 254:0 rbytes=512 wbytes=0 rios=1 wios=0 dbytes=0 dios=0\n"
      "8:0 rbytes=1024 x:0 wbytes=9\n");
  REQUIRE(use.size() == 2);
  CHECK(use.at({254, 0}).read_bytes == 512);
  CHECK(use.at({8, 0}).read_bytes == 1024);
  CHECK(use.at({8, 0}).written_bytes == 0);
}

TEST_CASE("a container without input and output has no disks") {
  FakeContainer container(CgroupLayout::kV2);
  container.Write("proc/diskstats", kDiskstats);
  CHECK(container.Generate(&Diskstats).empty());
  container.Write("cgroup/docker/web/io.stat", "254:0 rios=9\n");
  CHECK(container.Generate(&Diskstats).find(" vda 9 ") != std::string::npos);
}

constexpr char kDevices[] =
    "Character devices:\n  1 mem\n  5 /dev/tty\n 10 misc\n195 nvidia\n\n"
    "Block devices:\n  7 loop\n254 virtblk\n";

TEST_CASE("devices has common drivers and those of devices given") {
  CHECK(DevicesText(kDevices, "") ==
        "Character devices:\n  1 mem\n  5 /dev/tty\n 10 misc\n\n"
        "Block devices:\n");
  CHECK(DevicesText(kDevices, "c *:* m\nb *:* m\nc 195:0 rw\nb 7:1 rwm\n") ==
        "Character devices:\n  1 mem\n  5 /dev/tty\n 10 misc\n195 nvidia\n\n"
        "Block devices:\n  7 loop\n");
  CHECK(DevicesText(kDevices, "a *:* rwm\n") == kDevices);
}

TEST_CASE("pressure is the cgroup's own, else none") {
  FakeContainer v2(CgroupLayout::kV2);
  const std::string own =
      "some avg10=1.00 avg60=2.00 avg300=3.00 total=4\n"
      "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";
  v2.Write("cgroup/docker/web/cpu.pressure", own);
  CHECK(v2.Generate(&PressureCpu) == own);
  FakeContainer v1(CgroupLayout::kV1);
  v1.Write("proc/pressure/cpu", own);
  CHECK(v1.Generate(&PressureCpu) ==
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
        "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
}

}  // namespace
}  // namespace sysbox::emu::views
