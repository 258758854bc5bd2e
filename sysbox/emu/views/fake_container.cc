#include "sysbox/emu/views/fake_container.h"

#include <unistd.h>

#include <cstdint>
#include <cstdlib>

#include "catch2/catch.hpp"
#include "fmt/format.h"
#include "sysbox/emu/views/kernel_text.h"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::emu::views {
namespace {

constexpr std::string_view kV1Controllers[] = {
    "blkio", "cpu", "cpuacct", "cpuset", "devices", "freezer", "memory"};

constexpr std::string_view kMeminfo =
    "MemTotal:        8388608 kB\n"
    "MemFree:         6000000 kB\n"
    "MemAvailable:    7000000 kB\n"
    "Buffers:            7728 kB\n"
    "Cached:           137952 kB\n"
    "SwapTotal:       1048576 kB\n"
    "SwapFree:        1000000 kB\n"
    "CommitLimit:     5242880 kB\n"
    "HugePages_Total:       0\n"
    "Hugepagesize:       2048 kB\n"
    "DirectMap4k:      100000 kB\n"
    "DirectMap1G:     9000000 kB\n";

constexpr std::string_view kStat =
    "cpu  400 0 400 4000 0 0 0 0 0 0\n"
    "cpu0 100 0 100 1000 0 0 0 0 0 0\n"
    "cpu1 100 0 100 1000 0 0 0 0 0 0\n"
    "cpu2 100 0 100 1000 0 0 0 0 0 0\n"
    "cpu3 100 0 100 1000 0 0 0 0 0 0\n"
    "intr 5000 1 2 3\n"
    "ctxt 7000\n"
    "btime 1700000000\n"
    "processes 900\n"
    "procs_running 3\n"
    "procs_blocked 0\n"
    "softirq 100 1 2 3\n";

HostResources::Places PlacesIn(const std::string& directory,
                               CgroupLayout layout) {
  cgroups::Hierarchies hierarchies;
  const std::string root = directory + "/cgroup";
  if (layout == CgroupLayout::kV2) {
    hierarchies.unified.emplace();
    hierarchies.unified->mount_point = root;
  } else {
    for (std::string_view controller : kV1Controllers) {
      hierarchies.v1.push_back(
          {.controllers = {std::string(controller)},
           .mount_point = fmt::format("{}/{}", root, controller)});
    }
  }
  return {directory + "/proc", directory + "/sys", hierarchies};
}

std::string ProcCgroup(std::string_view cgroup) {
  std::string text;
  int number = 1;
  for (std::string_view controller : kV1Controllers) {
    text += fmt::format("{}:{}:{}\n", number++, controller, cgroup);
  }
  return text + fmt::format("0::{}\n", cgroup);
}

}  // namespace

FakeContainer::FakeContainer(CgroupLayout layout)
    : host_(PlacesIn(directory_.path(), layout)), resources_(host_) {
  facts_ = {.id = "0123456789abcdef",
            .root_uid = 300000,
            .root_gid = 300000,
            .init = kInit,
            .started_ns = 1'000'000'000'000};
  Write("proc/meminfo", kMeminfo);
  Write("proc/stat", kStat);
  Write("sys/devices/system/cpu/online", "0-3\n");
  const bool v1 = layout == CgroupLayout::kV1;
  AddProcess(kInit, 0,
             v1 ? "/docker/web/syscont-cgroup-root" : "/docker/web/init.scope");
  for (std::string_view controller : kV1Controllers) {
    REQUIRE_OK(MakeDirectories(
        directory_ / (v1 ? fmt::format("cgroup/{}/docker/web", controller)
                         : "cgroup/docker/web"),
        0755));
  }
}

void FakeContainer::Write(std::string_view path, std::string_view content) {
  const std::string full = directory_ / path;
  REQUIRE_OK(MakeDirectories(full.substr(0, full.rfind('/')), 0755));
  REQUIRE_OK(ReplaceVolatileFile(full, content, 0644));
}

void FakeContainer::AddProcess(pid_t pid, pid_t same_namespace_as,
                               std::string_view cgroup) {
  Write(fmt::format("proc/{}/cgroup", pid), ProcCgroup(cgroup));
  const std::string ns = fmt::format("proc/{}/ns/pid", pid);
  if (same_namespace_as == 0) return Write(ns, "");
  // A namespace is known by its inode.
  REQUIRE_OK(
      MakeDirectories(directory_ / fmt::format("proc/{}/ns", pid), 0755));
  REQUIRE(link((directory_ / fmt::format("proc/{}/ns/pid", same_namespace_as))
                   .c_str(),
               (directory_ / ns).c_str()) == 0);
}

std::string FakeContainer::Generate(Generator generator, pid_t caller) {
  return VALUE_OF(generator(*this, {.pid = caller}));
}

StoredValues& FakeContainer::values() { std::abort(); }
KernelFiles& FakeContainer::kernel() { std::abort(); }

uint64_t MeminfoValue(std::string_view text, std::string_view key) {
  uint64_t found = 0;
  bool any = false;
  ForEachLine(text, [&](std::string_view line) {
    if (!TakePrefix(&line, key) || !TakePrefix(&line, ":")) return;
    found = TakeNumber(&line);
    any = true;
  });
  INFO("no line " << key << " in\n" << text);
  REQUIRE(any);
  return found;
}

}  // namespace sysbox::emu::views
