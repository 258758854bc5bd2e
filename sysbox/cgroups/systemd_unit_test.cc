#include "sysbox/cgroups/systemd_unit.h"

#include <string>

#include "catch2/catch.hpp"
#include "sysbox/cgroups/cgroup.h"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::cgroups {
namespace {

TEST_CASE("slices expand to their parents") {
  CHECK(VALUE_OF(SlicePath("system.slice")) == "/system.slice");
  CHECK(VALUE_OF(SlicePath("a-b-c.slice")) == "/a.slice/a-b.slice/a-b-c.slice");
  CHECK(VALUE_OF(SlicePath("-.slice")) == "");
  for (const char* bad :
       {"", ".slice", "a", "a/b.slice", "-a.slice", "a-.slice", "a--b.slice"}) {
    INFO(bad);
    CHECK_FALSE(SlicePath(bad).ok());
  }
}

TEST_CASE("a cgroups path names slice and scope") {
  SystemdUnit unit =
      VALUE_OF(ParseSystemdUnit("kubepods-burst.slice:cri:abc", "x"));
  CHECK(unit.name == "cri-abc.scope");
  CHECK(unit.slice == "kubepods-burst.slice");
  CHECK(unit.path == "/kubepods.slice/kubepods-burst.slice/cri-abc.scope");
  CHECK(VALUE_OF(ParseSystemdUnit("", "web")).path ==
        "/system.slice/sysbox-web.scope");
  CHECK(VALUE_OF(ParseSystemdUnit(":docker:web", "x")).path ==
        "/system.slice/docker-web.scope");
  CHECK(VALUE_OF(ParseSystemdUnit("::web", "x")).name == "web.scope");
  CHECK(MessageOf(ParseSystemdUnit("/docker/x", "x").status()) ==
        "linux.cgroupsPath: expected \"slice:prefix:name\" for systemd "
        "cgroups, got \"/docker/x\"");
  CHECK_FALSE(ParseSystemdUnit("a:b:c:d", "x").ok());
  CHECK_FALSE(ParseSystemdUnit("a.slice:b:../c", "x").ok());
  CHECK_FALSE(ParseSystemdUnit("a:b:c", "x").ok());
}

oci::Resources Limits() {
  oci::Resources r;
  r.memory.emplace();
  r.memory->limit = 1000;
  r.memory->swap = 3000;
  r.memory->reservation = 500;
  r.cpu.emplace();
  r.cpu->shares = 1024;
  r.cpu->quota = 12345;
  r.cpu->period = 100000;
  r.cpu->cpus = "0-2,9";
  r.cpu->mems = "0";
  r.pids.emplace();
  r.pids->limit = -1;
  r.block_io.emplace();
  r.block_io->weight = 500;
  return r;
}

TEST_CASE("limits become properties of the host's cgroup version") {
  CHECK(DescribeProperties(VALUE_OF(LimitProperties(Limits(), false))) ==
        "MemoryLimit = 1000\n"
        "CPUShares = 1024\n"
        "CPUQuotaPeriodUSec = 100000\n"
        "CPUQuotaPerSecUSec = 130000\n"
        "BlockIOWeight = 500\n"
        "TasksMax = infinity\n");
  CHECK(DescribeProperties(VALUE_OF(LimitProperties(Limits(), true))) ==
        "MemoryMax = 1000\n"
        "MemoryLow = 500\n"
        "MemorySwapMax = 2000\n"
        "CPUWeight = 39\n"
        "CPUQuotaPeriodUSec = 100000\n"
        "CPUQuotaPerSecUSec = 130000\n"
        "AllowedCPUs = [7, 2]\n"
        "AllowedMemoryNodes = [1]\n"
        "IOWeight = 4950\n"
        "TasksMax = infinity\n");
  CHECK(VALUE_OF(LimitProperties({}, true)).empty());
}

TEST_CASE("a scope is delegated and holds its first process") {
  const SystemdUnit unit = VALUE_OF(ParseSystemdUnit("", "web"));
  CHECK(DescribeProperties(ScopeProperties(unit, "web", true, 42)) ==
        "Description = \"web\"\n"
        "Slice = \"system.slice\"\n"
        "Delegate = true\n"
        "PIDs = [42]\n"
        "MemoryAccounting = true\n"
        "CPUAccounting = true\n"
        "IOAccounting = true\n"
        "TasksAccounting = true\n"
        "DefaultDependencies = false\n");
}

TEST_CASE("device rules are named as systemd knows them") {
  constexpr char kDevices[] =
      "Character devices:\n  1 mem\n136 pts\n\nBlock devices:\n  1 ramdisk\n"
      "136 other\n";
  oci::Resources r;
  r.devices = {{true, "b", 1, {}, "r"}, {true, "c", 77, {}, "r"}};
  CHECK(DescribeProperties(VALUE_OF(DeviceProperties(r, kDevices))) ==
        "DevicePolicy = \"strict\"\n"
        "DeviceAllow = [block-* m, block-ramdisk r, char-* m, "
        "/dev/char/1:3 rwm, /dev/char/1:5 rwm, /dev/char/1:7 rwm, "
        "/dev/char/1:8 rwm, /dev/char/1:9 rwm, /dev/char/5:0 rwm, "
        "/dev/char/5:2 rwm, char-pts rwm]\n");
  r.devices = {{true, "a", {}, {}, "rwm"}};
  CHECK(DescribeProperties(VALUE_OF(DeviceProperties(r, kDevices))) ==
        "DevicePolicy = \"auto\"\n");
}

TEST_CASE("cpu lists become masks") {
  CHECK(VALUE_OF(CpuMask("0-2,9")) == std::vector<uint8_t>{7, 2});
  CHECK(VALUE_OF(CpuMask("")).empty());
  CHECK_FALSE(CpuMask("3-1").ok());
  CHECK_FALSE(CpuMask("99999999").ok());
  CHECK_FALSE(CpuMask("x").ok());
}

TEST_CASE("without a system bus the driver says so") {
  if (Exists("/run/dbus/system_bus_socket")) {
    WARN("skipped: this host has a system bus");
    return;
  }
  CgroupOptions options;
  options.driver = Driver::kSystemd;
  options.container_id = "x";
  auto cgroup = VALUE_OF(NewCgroup(options));
  const std::string message(MessageOf(cgroup->Create({})));
  CHECK(message.find("systemd cgroup driver: connect to system bus: ") == 0);
}

}  // namespace
}  // namespace sysbox::cgroups
