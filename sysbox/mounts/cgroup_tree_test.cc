#include "sysbox/mounts/cgroup_tree.h"

#include <string>

#include "absl/strings/str_join.h"
#include "catch2/catch.hpp"
#include "fmt/format.h"
#include "sysbox/base/status.h"

namespace sysbox::mounts {
namespace {

std::string Parse(std::string_view text) {
  const auto hierarchies = ParseHierarchies(text);
  if (!hierarchies.ok()) return std::string(MessageOf(hierarchies.status()));
  std::string result;
  for (const CgroupHierarchy& hierarchy : *hierarchies) {
    result += fmt::format("{} on \"{}\"", hierarchy.type, hierarchy.directory);
    for (const FilesystemOption& option : hierarchy.options) {
      result += fmt::format(" {}{}{}", option.key,
                            option.value.empty() ? "" : "=", option.value);
    }
    result += fmt::format(" links [{}]\n", absl::StrJoin(hierarchy.links, " "));
  }
  return result;
}

TEST_CASE("a unified host has one hierarchy, on the target itself") {
  CHECK(Parse("0::/user.slice\n") == "cgroup2 on \"\" links []\n");
}

TEST_CASE("a hybrid host has a directory for each hierarchy") {
  CHECK(Parse("9:name=systemd:/\n4:cpu,cpuacct:/a:b\n3:pids:/\n0::/\n") ==
        R"(cgroup on "systemd" name=systemd links []
cgroup on "cpu,cpuacct" cpu cpuacct links [cpu cpuacct]
cgroup on "pids" pids links []
cgroup2 on "unified" links []
)");
}

TEST_CASE("lines that are none are refused") {
  CHECK(Parse("junk\n") == "/proc/self/cgroup: unexpected line \"junk\"");
  CHECK(Parse("1::/\n") == "/proc/self/cgroup: unexpected line \"1::/\"");
  CHECK(Parse("x:pids:/\n") ==
        "/proc/self/cgroup: unexpected line \"x:pids:/\"");
  CHECK(Parse("1:../x:/\n") ==
        "/proc/self/cgroup: unexpected line \"1:../x:/\"");
  CHECK(Parse("") == "/proc/self/cgroup: the kernel has no cgroups");
}

}  // namespace
}  // namespace sysbox::mounts
