// On the real kernel: a container's cgroups with limits, processes in them.
#include "sysbox/emu/views/container_resources.h"

#include <sched.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include "catch2/catch.hpp"
#include "sysbox/cgroups/cgroup.h"
#include "sysbox/cgroups/test_host.h"
#include "sysbox/emu/views/cpu_use.h"
#include "sysbox/emu/views/fake_container.h"
#include "sysbox/emu/views/meminfo.h"
#include "sysbox/emu/views/proc_stat.h"
#include "sysbox/emu/views/resource_group.h"
#include "sysbox/emu/views/system_cpu.h"
#include "sysbox/emu/views/task_counts.h"
#include "sysbox/linux/clock.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/process.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::emu::views {
namespace {

constexpr int64_t kLimit = 64 << 20;

TEST_CASE("the directory with the limits is above the container's own") {
  const auto limited = [](std::string_view path) {
    return LimitedPath(path, Nesting::kContainer);
  };
  CHECK(limited("/docker/x/syscont-cgroup-root") == "/docker/x");
  CHECK(limited("/docker/x/syscont-cgroup-root/a/b") == "/docker/x");
  CHECK(limited("/docker/x/syscont-cgroup-rootless") ==
        "/docker/x/syscont-cgroup-rootless");
  CHECK(limited("/docker/x/init.scope") == "/docker/x");
  CHECK(limited("/init.scope") == "/init.scope");
  CHECK(limited("/") == "/");
  CHECK(limited("").empty());
}

TEST_CASE("a container inside has its limits in its own directory") {
  const auto limited = [](std::string_view path) {
    return LimitedPath(path, Nesting::kInner);
  };
  CHECK(limited("/docker/x/syscont-cgroup-root/docker/y") ==
        "/docker/x/syscont-cgroup-root/docker/y");
  CHECK(limited("/x/syscont-cgroup-root/y/syscont-cgroup-root/z") ==
        "/x/syscont-cgroup-root/y");
  CHECK(limited("/docker/x/syscont-cgroup-root") == "/docker/x");
  CHECK(limited("/docker/x/docker/y/init.scope") == "/docker/x/docker/y");
}

class RealView : public ContainerView {
 public:
  explicit RealView(pid_t init) : init_(init), started_(BoottimeNs()) {}
  ContainerFacts facts() const override {
    return {.id = "t", .init = init_, .started_ns = started_};
  }
  StoredValues& values() override { std::abort(); }
  KernelFiles& kernel() override { std::abort(); }
  ContainerResources& resources() override { return resources_; }

 private:
  pid_t init_;
  int64_t started_;
  HostResources host_;
  ContainerResources resources_{host_};
};

// A container's cgroups with limits, where this host can make them.
std::unique_ptr<cgroups::Cgroup> MakeCgroup() {
  cgroups::CgroupOptions options;
  options.container_id = "views";
  options.cgroups_path = cgroups::UniquePath();
  auto cgroup = VALUE_OF(cgroups::NewCgroup(options));
  oci::Resources resources;
  resources.memory.emplace();
  resources.memory->limit = kLimit;
  resources.cpu.emplace();
  resources.cpu->quota = 50000;
  resources.cpu->period = 100000;
  const absl::Status status = cgroup->Create(resources);
  if (status.ok()) return cgroup;
  WARN("skipped: " << status.ToString());
  return nullptr;
}

int Spin() {
  for (;;) {
  }
}

TEST_CASE("a container is told the limits and the usage of its cgroups") {
  const auto cgroup = MakeCgroup();
  if (!cgroup) return;
  const cgroups::DestroyAtEnd destroy(cgroup.get());
  const auto handles =
      VALUE_OF(cgroup->OpenForInit(cgroups::InitStart::kWaits));
  OwnedChild init = cgroups::StartIn(handles);
  OwnedChild busy = cgroups::StartIn(handles, &Spin);
  RealView view(init.pid());
  const fuse::Caller caller = {.pid = busy.pid()};

  const std::string meminfo = VALUE_OF(Meminfo(view, caller));
  CHECK(MeminfoValue(meminfo, "MemTotal") == kLimit / 1024);
  CHECK(MeminfoValue(meminfo, "MemFree") <= kLimit / 1024);
  CHECK(VALUE_OF(SystemCpus(view, caller)) == "0\n");

  auto group = VALUE_OF(view.resources().Own(view.facts()));
  const TaskCounts tasks = VALUE_OF(CountTasks(*group));
  CHECK(tasks.total == 2);
  CHECK(tasks.running == 1);

  REQUIRE_OK(ProcStat(view, caller));
  const CpuTotals before = group->cpu_history().Advance({});
  const uint64_t used = VALUE_OF(ReadCpuTotalNs(*group));
  for (int tries = 0; tries < 1000; ++tries) {
    if (VALUE_OF(ReadCpuTotalNs(*group)) > used + 20'000'000) break;
    REQUIRE_OK(WaitReadable(VALUE_OF(MakeEventFd()), 10));
  }
  REQUIRE_OK(ProcStat(view, caller));
  const CpuTotals after = group->cpu_history().Advance({});
  REQUIRE(after.cpus.size() == 1);
  CHECK(after.all.user_ns + after.all.system_ns >
        before.all.user_ns + before.all.system_ns);
  CHECK(after.all.idle_ns >= before.all.idle_ns);
}

TEST_CASE("a caller in another pid namespace is told its own cgroup's") {
  const auto outer = MakeCgroup();
  const auto other = MakeCgroup();
  if (!outer || !other) return;
  const cgroups::DestroyAtEnd destroy(outer.get()), too(other.get());
  OwnedChild init = cgroups::StartIn(
      VALUE_OF(outer->OpenForInit(cgroups::InitStart::kWaits)));
  const auto handles = VALUE_OF(other->OpenForInit(cgroups::InitStart::kWaits));
  std::optional<OwnedChild> inner = VALUE_OF(Clone({.flags = CLONE_NEWPID}));
  if (!inner) {
    // Its process 1: joins as any process does.
    for (const Fd& tasks : handles.tasks) {
      if (write(tasks.get(), "0", 1) != 1) _exit(1);
    }
    for (;;) pause();
  }
  if (handles.tasks.empty()) {
    WARN("skipped: joining is done by clone here");
    return;
  }
  RealView view(init.pid());
  const auto own = VALUE_OF(view.resources().Own(view.facts()));
  for (int tries = 0; tries < 500; ++tries) {
    const auto found =
        VALUE_OF(view.resources().Of(view.facts(), {.pid = inner->pid()}));
    if (found->name() != own->name()) break;
    REQUIRE_OK(WaitReadable(VALUE_OF(MakeEventFd()), 10));
  }
  const auto found =
      VALUE_OF(view.resources().Of(view.facts(), {.pid = inner->pid()}));
  CHECK(found->name() != own->name());
  CHECK(found ==
        VALUE_OF(view.resources().Of(view.facts(), {.pid = inner->pid()})));
  CHECK(own ==
        VALUE_OF(view.resources().Of(view.facts(), {.pid = init.pid()})));
  CHECK(own == VALUE_OF(view.resources().Of(view.facts(), {.pid = 0})));
}

}  // namespace
}  // namespace sysbox::emu::views
