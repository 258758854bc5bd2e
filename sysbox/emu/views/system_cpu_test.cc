#include "sysbox/emu/views/system_cpu.h"

#include <cstdint>
#include <vector>

#include "catch2/catch.hpp"
#include "sysbox/emu/views/cpu_mask.h"
#include "sysbox/emu/views/system_node.h"

namespace sysbox::emu::views {
namespace {

using Cpus = std::vector<uint16_t>;

TEST_CASE("masks are read and written in groups of 32") {
  CHECK(ParseCpuMask("3\n") == Cpus{0, 1});
  CHECK(ParseCpuMask("1,00000002\n") == Cpus{1, 32});
  CHECK(ParseCpuMask("").empty());
  CHECK(ParseCpuMask("0x3").empty());
  CHECK(FormatCpuMask({0, 1}, 2) == "3");
  CHECK(FormatCpuMask({1, 32}, 33) == "1,00000002");
  CHECK(FormatCpuMask({0}, 8) == "01");
  CHECK(FormatCpuMask({9}, 8) == "00");
  CHECK(FormatCpuMask({}, 0).empty());
}

TEST_CASE("CPUs get their places among those shown") {
  CHECK(Renumber({0, 2, 5}, {2, 3, 5}) == Cpus{0, 2});
}

TEST_CASE("a container's cpu1 is the second of the host's it is shown") {
  CHECK(HostCpuPath("/sys/devices/system/cpu/cpu1/topology/core_id", {4, 6}) ==
        "/sys/devices/system/cpu/cpu6/topology/core_id");
  CHECK(HostCpuPath("/sys/devices/system/cpu/cpu1", {4, 6}) ==
        "/sys/devices/system/cpu/cpu6");
  CHECK(HostCpuPath("/sys/devices/system/cpu/cpu2/uevent", {4, 6}) ==
        std::nullopt);
  CHECK(HostCpuPath("/sys/devices/system/cpu/cpufreq/x", {4, 6}) ==
        "/sys/devices/system/cpu/cpufreq/x");
}

TEST_CASE("files name the container's CPUs") {
  CHECK(TranslateCpus("a/core_cpus_list", "4-7\n", {4, 6}) == "0-1\n");
  CHECK(TranslateCpus("a/core_cpus", "000000f0\n", {4, 6}) == "3\n");
  CHECK(TranslateCpus("a/shared_cpu_map", "10\n", {4, 6}) == "1\n");
  CHECK(TranslateCpus("a/core_id", "6\n", {4, 6}) == "6\n");
}

TEST_CASE("the one node has what the container has") {
  CHECK(NodeMeminfoText("MemTotal:          4096 kB\n"
                        "MemFree:           1024 kB\n"
                        "MemAvailable:      2048 kB\n"
                        "Active:              12 kB\n"
                        "DirectMap4k:       4096 kB\n") ==
        "Node 0 MemTotal:          4096 kB\n"
        "Node 0 MemFree:           1024 kB\n"
        "Node 0 MemUsed:            3072 kB\n"
        "Node 0 Active:              12 kB\n");
}

}  // namespace
}  // namespace sysbox::emu::views
