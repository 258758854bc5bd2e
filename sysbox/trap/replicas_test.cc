#include "sysbox/trap/replicas.h"

#include <string>

#include "catch2/catch.hpp"
#include "fmt/format.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::trap {
namespace {

constexpr char kInit[] =
    "20 1 0:40 / / rw - overlay overlay rw\n"
    "21 20 0:41 / /proc rw,nosuid - proc proc rw\n"
    "22 20 0:42 / /sys rw - sysfs sysfs rw\n"
    "23 21 0:50 /proc:sys:kernel /proc/sys/kernel rw - fuse sysbox rw\n"
    "24 23 0:41 /sys/kernel/hostname /proc/sys/kernel/hostname rw - proc p rw\n"
    "25 21 0:51 /proc:uptime /proc/uptime ro - fuse sysbox rw\n"
    "26 21 0:41 /bus /proc/bus ro,nosuid - proc proc rw\n"
    "27 21 0:60 /null /proc/kcore rw - tmpfs tmpfs rw\n"
    "28 21 0:61 / /proc/acpi ro - tmpfs tmpfs ro\n"
    "29 21 0:62 / /proc/sys/fs/binfmt_misc rw - binfmt_misc b rw\n"
    "30 21 0:63 / /proc/theirs rw - fuse sshfs rw\n"
    "31 30 0:50 /proc:sys:vm /proc/theirs/sys/vm rw - fuse sysbox rw\n"
    "32 21 0:64 / /proc/scratch rw - tmpfs tmpfs rw\n"
    "33 22 0:50 /sys:kernel /sys/kernel rw - fuse sysbox rw\n"
    "34 22 0:65 / /sys/fs/cgroup ro - tmpfs cgroup rw\n"
    "35 34 0:66 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw\n";

std::string Text(const std::vector<Replica>& replicas) {
  std::string text;
  for (const Replica& replica : replicas) {
    text += fmt::format(
        "{} {}{}{}{}{}\n", "enm"[static_cast<int>(replica.kind)], replica.path,
        replica.read_only ? " ro" : "", replica.holds_others ? " holds" : "",
        replica.holds_others && replica.whole ? " whole" : "",
        replica.comes_along ? " along" : "");
  }
  return text;
}

TEST_CASE("emulated, native and masked paths are repeated, others are not") {
  const auto mounts = VALUE_OF(ParseMountInfo(kInit));
  CHECK(Text(PlanReplicas(mounts, "/proc", "proc")) ==
        "e uptime ro\n"
        "m kcore\n"
        "m acpi ro\n"
        "e sys/kernel holds whole\n"
        "n bus ro\n"
        "n sys/kernel/hostname along\n");
  CHECK(Text(PlanReplicas(mounts, "/sys", "sysfs")) == "e kernel\n");
  CHECK(PlanReplicas(mounts, "/mnt", "proc").empty());
}

TEST_CASE("a piece on which something else lies is not cloned whole") {
  const auto mounts = VALUE_OF(ParseMountInfo(
      std::string(kInit) +
      "40 24 0:60 /null /proc/sys/kernel/hostname rw - tmpfs t rw\n"
      "41 40 0:64 / /proc/sys/kernel/hostname rw - tmpfs scratch rw\n"
      "42 26 0:50 /proc:bus:pci /proc/bus/pci rw - fuse sysbox rw\n"
      "43 42 0:41 /bus/pci/devices /proc/bus/pci/devices ro - proc p rw\n"));
  CHECK(Text(PlanReplicas(mounts, "/proc", "proc")) ==
        "e uptime ro\n"
        "m kcore\n"
        "m acpi ro\n"
        "e sys/kernel holds\n"
        "n bus ro holds\n"
        "n sys/kernel/hostname\n"
        "e bus/pci holds whole\n"
        "n bus/pci/devices ro along\n");
}

TEST_CASE("a file system that covers another one is the one that counts") {
  const auto mounts = VALUE_OF(
      ParseMountInfo(std::string(kInit) +
                     "40 21 0:70 / /proc rw - proc proc rw\n"
                     "41 40 0:50 /proc:stat /proc/stat rw - fuse sysbox rw\n"));
  CHECK(Text(PlanReplicas(mounts, "/proc", "proc")) == "e stat\n");
}

TEST_CASE("mounts upon mounts take no longer than as many side by side") {
  // Each on the next, as after moves; as many as fs.mount-max has by default.
  constexpr int kMounts = 100000;
  std::vector<MountInfo> mounts(kMounts);
  for (int i = 0; i < kMounts; ++i) {
    mounts[i].id = i + 2;
    mounts[i].parent_id = i + 1 == kMounts ? 1 : i + 3;
    mounts[i].type = i + 1 == kMounts ? "proc" : "tmpfs";
    mounts[i].mount_point = "/proc";
    mounts[i].root = "/";
  }
  const int top = kMounts + 1;
  CHECK(MountsOn(mounts, 1).size() == kMounts);
  CHECK(MountsOn(mounts, top).size() == kMounts - 1);
  CHECK(PlanReplicas(mounts, "/proc", "proc").empty());
  CHECK_FALSE(IsFullyVisible(mounts, "proc", {}, false));
}

TEST_CASE("who has masks without end gets a plain file system") {
  std::string text = "21 20 0:41 / /proc rw - proc proc rw\n";
  for (int i = 100; i < 700; ++i) {
    text += fmt::format("{} 21 0:60 / /proc/{} ro - tmpfs t rw\n", i, i);
  }
  CHECK(PlanReplicas(VALUE_OF(ParseMountInfo(text)), "/proc", "proc").empty());
}

TEST_CASE("of what lies at one place, it is the mount on top that counts") {
  const auto mounts = VALUE_OF(ParseMountInfo(
      std::string(kInit) +
      "40 25 0:51 /proc:uptime /proc/uptime rw - fuse sysbox rw\n"
      "41 26 0:60 /null /proc/bus rw shared:7 - tmpfs tmpfs rw\n"));
  CHECK(Text(PlanReplicas(mounts, "/proc", "proc")) ==
        "e uptime\n"
        "m bus\n"
        "m kcore\n"
        "m acpi ro\n"
        "e sys/kernel holds whole\n"
        "n sys/kernel/hostname along\n");
}

TEST_CASE("what lies on another comes behind it, its own kind beside it") {
  const auto mounts = VALUE_OF(ParseMountInfo(
      std::string(kInit) +
      "40 24 0:50 /proc:sys:kernel:hostname:x /proc/sys/kernel/hostname/x rw - "
      "fuse sysbox rw\n"
      "41 40 0:41 /sys/kernel/hostname/x/y /proc/sys/kernel/hostname/x/y rw - "
      "proc p rw\n"
      "42 21 0:50 /proc:sys:kernels /proc/sys/kernels rw - fuse sysbox rw\n"));
  CHECK(Text(PlanReplicas(mounts, "/proc", "proc")) ==
        "e uptime ro\n"
        "m kcore\n"
        "m acpi ro\n"
        "e sys/kernel holds whole\n"
        "e sys/kernels\n"
        "n bus ro\n"
        "n sys/kernel/hostname holds along\n"
        "e sys/kernel/hostname/x holds whole along\n"
        "n sys/kernel/hostname/x/y along\n");
}

TEST_CASE("a new file system shows no more than an old one") {
  const auto mounts = VALUE_OF(ParseMountInfo(kInit));
  const auto replicas = PlanReplicas(mounts, "/proc", "proc");
  // "theirs" and "scratch" cover something that is not ours.
  CHECK_FALSE(IsFullyVisible(mounts, "proc", replicas, false));
  const std::string nested =
      "21 20 0:41 / /proc rw - proc proc rw\n"
      "25 21 0:51 /proc:uptime /proc/uptime rw - fuse sysbox rw\n"
      "27 21 0:60 /null /proc/kcore rw - tmpfs tmpfs rw\n"
      "29 21 0:62 / /proc/sys/fs/binfmt_misc rw - binfmt_misc b rw\n";
  const auto plain = VALUE_OF(ParseMountInfo(nested));
  CHECK(IsFullyVisible(plain, "proc", replicas, false));
  CHECK_FALSE(IsFullyVisible(plain, "sysfs", replicas, false));
  const auto masked = VALUE_OF(ParseMountInfo(
      nested + "30 21 0:60 /null /proc/keys rw - tmpfs tmpfs rw\n"));
  CHECK_FALSE(IsFullyVisible(masked, "proc", replicas, false));
  const auto read_only =
      VALUE_OF(ParseMountInfo("21 20 0:41 / /proc ro - proc proc rw\n"));
  CHECK_FALSE(IsFullyVisible(read_only, "proc", replicas, false));
  CHECK(IsFullyVisible(read_only, "proc", replicas, true));
}

TEST_CASE("a mount that seems to be moved while it is looked at is no proof") {
  const auto mounts = VALUE_OF(ParseMountInfo(kInit));
  const auto replicas = PlanReplicas(mounts, "/proc", "proc");
  const auto visible = [&](const std::string& base, const std::string& on) {
    const std::string text =
        fmt::format("21 20 0:41 / {} rw - proc proc rw\n", base) +
        fmt::format("25 21 0:60 /null {} rw - tmpfs tmpfs rw\n", on);
    return IsFullyVisible(VALUE_OF(ParseMountInfo(text)), "proc", replicas,
                          false);
  };
  CHECK(visible("/proc", "/proc/uptime"));
  CHECK(visible("/a/proc", "/a/proc/uptime"));
  // Of "fs/uptime" nothing else lies over a new one. It is there that the mask
  // is, though the directory was called something else a moment before.
  CHECK_FALSE(visible("/t/fs/t", "/t/fs/t/fs/uptime"));
  CHECK_FALSE(visible("/t/fs/fs", "/t/fs/fs/uptime"));
  CHECK_FALSE(visible("/t/proc", "/u/proc/uptime"));
  CHECK_FALSE(visible("/proc", "/long/uptime"));
  CHECK_FALSE(visible("/proc", "/proc"));
  CHECK_FALSE(visible("/proc", ""));
  // Nowhere, as statmount(2) has what no path leads to.
  CHECK_FALSE(visible("", "/uptime"));
  CHECK_FALSE(visible("/", "/uptime"));
  CHECK_FALSE(visible("/proc//deleted", "/proc/uptime"));
}

TEST_CASE("what lies on a mount is found in any order") {
  const auto mounts =
      VALUE_OF(ParseMountInfo("9 8 0:1 / /a/b/c rw - tmpfs t rw\n"
                              "8 7 0:1 / /a/b rw - tmpfs t rw\n"
                              "7 7 0:1 / /a rw - tmpfs t rw\n"
                              "6 5 0:1 / /d rw - tmpfs t rw\n"));
  const auto found = MountsOn(mounts, 7);
  REQUIRE(found.size() == 2);
  CHECK(found[0]->id == 8);
  CHECK(found[1]->id == 9);
}

}  // namespace
}  // namespace sysbox::trap
