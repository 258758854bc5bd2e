#include "sysbox/emu/node_table.h"

#include <set>
#include <string>

#include "catch2/catch.hpp"
#include "sysbox/emu/emulated_mounts.h"
#include "sysbox/emu/node_numbers.h"

namespace sysbox::emu {
namespace {

TEST_CASE("rows are found by path and by the directory above") {
  REQUIRE(FindRow("/proc/sys/vm/swappiness") != nullptr);
  CHECK(FindRow("/proc/sys/vm/swappines") == nullptr);
  CHECK(FindRow("/proc") == nullptr);
  CHECK(RowsBelow("/").size() == NodeTable().size());
  for (const NodeSpec& row : RowsBelow("/proc/sys/kernel/keys")) {
    CHECK(ParentOf(row.path) == "/proc/sys/kernel/keys");
  }
  CHECK(RowsBelow("/proc/sys/kernel/keys").size() == 6);
  CHECK(RowsBelow("/proc/sys/kernel/key").empty());
  CHECK(GoverningDirectory("/proc/sys/kernel/keys/x")->path ==
        "/proc/sys/kernel");
  CHECK(GoverningDirectory("/proc/sys") == nullptr);
  CHECK(ParentOf("/proc") == "/");
}

TEST_CASE("numbers of paths are unique, whatever the namespace") {
  std::set<fuse::NodeId> whole;
  std::set<fuse::NodeId> halves;
  for (const NodeSpec& row : NodeTable()) {
    CHECK(whole.insert(NodeNumber(row.path)).second);
    const fuse::NodeId number = NodeNumber(row.path, 4026531838);
    CHECK(halves.insert(number & 0xffffffff).second);
    CHECK(PathInTable(number) == row.path);
    CHECK(PathInTable(NodeNumber(row.path)) == row.path);
  }
  CHECK(PathInTable(fuse::kRootNode) == "/");
  CHECK(PathInTable(NodeNumber("/proc/sys")) == "/proc/sys");
}

// What is bound in every container, where the kernel has it: each costs the
// start of one some 20 us.
TEST_CASE("the mounts are few, and a directory comes before what is in it") {
  const char* const kSources[] = {"static", "live", "native",
                                  "native if owned"};
  std::string text;
  for (const EmulatedMount& mount : EmulatedMounts()) {
    text += std::string(kSources[static_cast<int>(mount.source)]) + " " +
            std::string(mount.path) + (mount.directory ? "/\n" : "\n");
  }
  CHECK(text == R"(static /proc/asound/
static /proc/bootconfig
static /proc/bus/
static /proc/cmdline
static /proc/consoles
live /proc/cpuinfo
live /proc/devices
live /proc/diskstats
static /proc/fb
static /proc/fs/
live /proc/interrupts
static /proc/iomem
static /proc/ioports
static /proc/irq/
live /proc/loadavg
static /proc/mdstat
live /proc/meminfo
live /proc/partitions
live /proc/pressure/
static /proc/scsi/
live /proc/softirqs
live /proc/stat
live /proc/swaps
static /proc/sys/fs/
static /proc/sys/kernel/
native /proc/sys/kernel/ns_last_pid
native if owned /proc/sys/kernel/pid_max
native /proc/sys/kernel/random/uuid
static /proc/sys/net/core/
static /proc/sys/net/ipv4/neigh/
live /proc/sys/net/ipv4/ping_group_range
static /proc/sys/net/ipv4/vs/
static /proc/sys/net/ipv6/neigh/
static /proc/sys/net/netfilter/nf_conntrack_max
static /proc/sys/vm/
static /proc/uptime
live /proc/vmstat
static /sys/block/
static /sys/bus/
static /sys/class/
native /sys/class/net/
static /sys/dev/
static /sys/devices/
live /sys/devices/system/cpu/
live /sys/devices/system/node/
native /sys/devices/virtual/net/
static /sys/firmware/
static /sys/fs/
static /sys/hypervisor/
static /sys/kernel/
static /sys/module/nf_conntrack/parameters/hashsize
)");
}

TEST_CASE("what is bound in a directory of ours has a place there") {
  for (const NodeSpec& row : NodeTable()) {
    INFO(row.path);
    const NodeSpec* directory = GoverningDirectory(row.path);
    const bool within = directory != nullptr;
    if (row.binding == Binding::kNone) CHECK(within);
    // Unless it is of the other filesystem.
    if (row.binding == Binding::kServed && within) {
      CHECK(row.superblock != directory->superblock);
    }
    if (row.binding == Binding::kNative) CHECK(within);
  }
}

}  // namespace
}  // namespace sysbox::emu
