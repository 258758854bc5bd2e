#include "sysbox/cgroups/hierarchy.h"

#include <string>

#include "catch2/catch.hpp"
#include "fmt/format.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::cgroups {
namespace {

std::string Describe(const std::vector<Place>& places) {
  std::string text;
  for (const Place& place : places) {
    std::string names;
    for (const std::string& name : place.controllers) {
      names += (names.empty() ? "" : ",") + name;
    }
    text += fmt::format("{} {}\n", names.empty() ? "v2" : names, place.path);
  }
  return text;
}

constexpr char kPlain[] =
    "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard\n"
    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n";

// Every controller mounted alone, cgroup2 beside them.
constexpr char kHybrid[] =
    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
constexpr char kHybridOwn[] =
    "9:name=systemd:/\n4:memory:/jobs/a\n1:cpu:/\n0::/\n";

// systemd's own v1 layout: co-mounted controllers, xattr, a release agent.
constexpr char kSystemdV1[] =
    "25 18 0:22 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro,mode=755\n"
    "26 25 0:23 / /sys/fs/cgroup/unified rw shared:9 - cgroup2 cgroup2 "
    "rw,nsdelegate\n"
    "27 25 0:24 / /sys/fs/cgroup/systemd rw shared:10 - cgroup cgroup "
    "rw,xattr,name=systemd\n"
    "31 25 0:28 / /sys/fs/cgroup/cpu,cpuacct rw shared:15 - cgroup cgroup "
    "rw,cpu,cpuacct\n"
    "32 25 0:29 / /sys/fs/cgroup/net_cls,net_prio rw shared:16 - cgroup "
    "cgroup rw,net_cls,net_prio\n"
    "90 1 0:29 / /mnt/copy rw - cgroup cgroup rw,net_cls,net_prio\n"
    "91 1 0:77 / /mnt/other rw - cgroup cgroup rw,name=other\n";
constexpr char kSystemdV1Own[] =
    "11:cpu,cpuacct:/user.slice\n5:net_cls,net_prio:/\n"
    "1:name=systemd:/user.slice/user-0.slice/session-1.scope\n"
    "0::/user.slice/user-0.slice/session-1.scope\n";

constexpr char kV2[] =
    "35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 "
    "rw,nsdelegate,memory_recursiveprot\n";

TEST_CASE("a v1 host with a unified hierarchy is hybrid") {
  const Hierarchies found = VALUE_OF(ParseHierarchies(kHybrid, kHybridOwn));
  CHECK_FALSE(found.PureV2());
  CHECK(Describe(PlacesFor(found, "/docker/x", "x")) ==
        "cpu /sys/fs/cgroup/cpu/docker/x\n"
        "memory /sys/fs/cgroup/memory/docker/x\n"
        "name=systemd /sys/fs/cgroup/systemd/docker/x\n"
        "v2 /sys/fs/cgroup/unified/docker/x\n");
}

TEST_CASE("without a path the container is below the caller's own cgroup") {
  const Hierarchies found = VALUE_OF(ParseHierarchies(kHybrid, kHybridOwn));
  CHECK(Describe(PlacesFor(found, "", "web")) ==
        "cpu /sys/fs/cgroup/cpu/web\n"
        "memory /sys/fs/cgroup/memory/jobs/a/web\n"
        "name=systemd /sys/fs/cgroup/systemd/web\n"
        "v2 /sys/fs/cgroup/unified/web\n");
  CHECK(Describe(PlacesFor(found, "rel/../../web", "x")) ==
        Describe(PlacesFor(found, "", "web")));
}

TEST_CASE(
    "controllers mounted together share one directory, mounts count once") {
  const Hierarchies found =
      VALUE_OF(ParseHierarchies(kSystemdV1, kSystemdV1Own));
  const std::vector<Place> places = PlacesFor(found, "pod", "x");
  CHECK(Describe(places) ==
        "name=systemd /sys/fs/cgroup/systemd/user.slice/user-0.slice/"
        "session-1.scope/pod\n"
        "cpu,cpuacct /sys/fs/cgroup/cpu,cpuacct/user.slice/pod\n"
        "net_cls,net_prio /sys/fs/cgroup/net_cls,net_prio/pod\n"
        "v2 /sys/fs/cgroup/unified/user.slice/user-0.slice/session-1.scope/"
        "pod\n");
  const std::vector<Place> again = PlacesFromPaths(PathsOf(places));
  CHECK(PathsOf(again) == PathsOf(places));
  CHECK(again.size() == 4);
  CHECK(again.back().unified());
}

TEST_CASE("a mount below /sys/fs/cgroup wins whatever the order") {
  const std::string text =
      "90 1 0:29 / /mnt/copy rw - cgroup cgroup rw,cpu\n"
      "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n";
  const Hierarchies found = VALUE_OF(ParseHierarchies(text, "1:cpu:/\n"));
  REQUIRE(found.v1.size() == 1);
  CHECK(found.v1[0].mount_point == "/sys/fs/cgroup/cpu");
}

TEST_CASE("on pure v2 relative paths are beside the caller's own cgroup") {
  const Hierarchies found =
      VALUE_OF(ParseHierarchies(kV2, "0::/user.slice/session-1.scope\n"));
  CHECK(found.PureV2());
  CHECK(Describe(PlacesFor(found, "", "web")) ==
        "v2 /sys/fs/cgroup/user.slice/web\n");
  CHECK(Describe(PlacesFor(found, "/docker/x", "x")) ==
        "v2 /sys/fs/cgroup/docker/x\n");
}

TEST_CASE("inside a container the mount's root is left out of the own path") {
  const std::string mounts =
      "32 31 0:29 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n"
      "33 31 0:30 /docker/abc /sys/fs/cgroup/pids ro - cgroup cgroup rw,pids\n";
  const Hierarchies found = VALUE_OF(
      ParseHierarchies(mounts, "2:pids:/elsewhere\n1:cpu:/docker/abc/in\n"));
  CHECK(Describe(PlacesFor(found, "", "web")) ==
        "cpu /sys/fs/cgroup/cpu/in/web\n"
        "pids /sys/fs/cgroup/pids/web\n");
}

TEST_CASE("a process's cgroup is found in its hierarchy") {
  const std::string mounts =
      "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup "
      "rw,cpu,cpuacct\n"
      "33 31 0:30 / /sys/fs/cgroup/unified ro - cgroup2 cgroup2 rw\n";
  const Hierarchies found = VALUE_OF(ParseHierarchies(mounts, ""));
  const char* text = "4:cpu,cpuacct:/docker/x:y\n0::/../beside\n";
  CHECK(CgroupIn(found.v1[0], text) == "/docker/x:y");
  CHECK(CgroupIn(*found.unified, text) == std::nullopt);
  CHECK(CgroupIn(found.v1[0], "1:pids:/a\n") == std::nullopt);
}

TEST_CASE("another program's cgroup2 mount is left alone on a v1 host") {
  const std::string mounts =
      "32 31 0:29 / /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n"
      "99 31 0:38 / /run/cilium/cgroupv2 rw - cgroup2 none rw\n";
  CHECK_FALSE(VALUE_OF(ParseHierarchies(mounts, "")).unified.has_value());
}

TEST_CASE("a host without cgroups is an error that says so") {
  const absl::Status status = ParseHierarchies(kPlain, "").status();
  CHECK(MessageOf(status) == "find cgroups: no cgroup hierarchy is mounted");
}

TEST_CASE("this host's hierarchies can be read") {
  const Hierarchies found = VALUE_OF(ReadHierarchies());
  CHECK((found.PureV2() || !found.v1.empty()));
}

}  // namespace
}  // namespace sysbox::cgroups
