// On the real kernel, as root, where v1 controllers are mounted.
#include "sysbox/cgroups/v1_cgroup.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>
#include <csignal>
#include <string>

#include "catch2/catch.hpp"
#include "fmt/format.h"
#include "sysbox/cgroups/control_file.h"
#include "sysbox/cgroups/test_host.h"
#include "sysbox/cgroups/v1_container.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::cgroups {
namespace {

TEST_CASE("limits are set outside, the child is the container's") {
  Container c = NewContainer();
  SKIP_WITHOUT_V1(c);
  REQUIRE_OK(c.cgroup->Create(DockerResources()));
  DestroyAtEnd end(c.cgroup.get());
  CHECK(c.Read("memory", "memory.limit_in_bytes") == "67108864");
  CHECK(c.Read("memory", "memory.memsw.limit_in_bytes") == "134217728");
  CHECK(c.Read("cpu", "cpu.shares") == "512");
  CHECK(c.Read("cpu", "cpu.cfs_quota_us") == "50000");
  CHECK(c.Read("pids", "pids.max") == "100");
  CHECK(c.Read("devices", "devices.list") ==
        "b *:* m\nc *:* m\nc 1:3 rwm\nc 1:5 rwm\nc 1:7 rwm\nc 1:8 rwm\n"
        "c 1:9 rwm\nc 5:0 rwm\nc 5:1 rwm\nc 5:2 rwm\nc 136:* rwm");
  // What the container sees, and may not write.
  CHECK(c.ReadChild("memory", "memory.limit_in_bytes") == "67108864");
  CHECK(c.ReadChild("memory", "memory.memsw.limit_in_bytes") == "134217728");
  CHECK(c.ReadChild("pids", "pids.max") == "100");
  CHECK(c.ReadChild("devices", "devices.list") ==
        c.Read("devices", "devices.list"));
  CHECK(c.ReadChild("cpuset", "cpuset.cpus") ==
        c.Read("cpuset", "cpuset.cpus"));
  CHECK_FALSE(c.ReadChild("cpuset", "cpuset.mems").empty());
  for (const auto& [controller, path] : c.cgroup->Paths()) {
    INFO(path);
    CHECK(OwnerOf(path) == 0);
    CHECK(OwnerOf(path + "/cgroup.procs") == 0);
    CHECK(OwnerOf(path + kChild) == kOwner);
    CHECK(OwnerOf(path + kChild + "/cgroup.procs") == kOwner);
  }
  CHECK(OwnerOf(c.Dir("memory") + kChild + "/memory.limit_in_bytes") == 0);
  CHECK(OwnerOf(c.Dir("pids") + kChild + "/tasks") == kOwner);
}

TEST_CASE("a value the kernel refuses names its field and leaves nothing") {
  Container c = NewContainer();
  SKIP_WITHOUT_V1(c);
  oci::Resources resources = DockerResources();
  resources.memory->swap = 1 << 20;  // less than the memory limit
  const absl::Status status = c.cgroup->Create(resources);
  CHECK(ErrnoOf(status) == EINVAL);
  CHECK(std::string(MessageOf(status)).find("linux.resources.memory.swap: ") ==
        0);
  CHECK(NothingLeft(c));
  resources = DockerResources();
  resources.cpu->shares = 1;  // the kernel clamps it to 2
  CHECK(MessageOf(c.cgroup->Create(resources)) ==
        "linux.resources.cpu.shares: write cpu.shares: 1 is out of range, the "
        "kernel made it 2");
  CHECK(NothingLeft(c));
}

TEST_CASE("a limit without its controller is an error, zeros are not") {
  Container c = NewContainer();
  SKIP_WITHOUT_V1(c);
  if (c.cgroup->Paths().count("net_cls") != 0) {
    WARN("skipped: this host has net_cls");
    return;
  }
  oci::Resources resources;
  resources.network.emplace();
  resources.network->class_id = 7;
  CHECK(MessageOf(c.cgroup->Create(resources)) ==
        "linux.resources.network.classID: the net_cls cgroup controller is "
        "not available");
  CHECK(NothingLeft(c));
  resources.network->class_id = 0;
  CHECK_OK(c.cgroup->Create(resources));
  CHECK_OK(c.cgroup->Destroy());
  CHECK(NothingLeft(c));
}

TEST_CASE("a process joins all hierarchies and is listed") {
  Container c = NewContainer();
  SKIP_WITHOUT_V1(c);
  REQUIRE_OK(c.cgroup->Create(DockerResources()));
  DestroyAtEnd end(c.cgroup.get());
  OwnedChild child =
      StartIn(VALUE_OF(c.cgroup->OpenForInit(InitStart::kWaits)));
  const std::string own =
      VALUE_OF(ReadFile(fmt::format("/proc/{}/cgroup", child.pid())));
  size_t lines = 0;
  for (std::string_view line : SplitLines(own)) {
    INFO(line);
    CHECK(line.find(c.path + kChild) != std::string_view::npos);
    ++lines;
  }
  CHECK(lines > 1);
  CHECK(VALUE_OF(c.cgroup->Processes()) == std::vector<pid_t>{child.pid()});
  // In use: nobody else may have it.
  auto other = VALUE_OF(NewCgroup(OptionsFor(c.path)));
  const absl::Status status = other->Create({});
  CHECK(std::string(MessageOf(status)).find("is in use") != std::string::npos);
  CHECK(c.Read("pids", "pids.max") == "100");
  // Known again from its state.
  auto opened = VALUE_OF(OpenCgroup(OptionsFor(c.path), c.cgroup->Paths()));
  CHECK(VALUE_OF(opened->Processes()) == std::vector<pid_t>{child.pid()});
  CHECK(opened->Paths() == c.cgroup->Paths());
}

TEST_CASE("an existing cgroup without processes is taken over") {
  Container c = NewContainer();
  SKIP_WITHOUT_V1(c);
  REQUIRE_OK(c.cgroup->Create(DockerResources()));
  DestroyAtEnd end(c.cgroup.get());
  REQUIRE_OK(MakeDirectories(c.Dir("pids") + kChild + "/left/over", 0755));
  auto again = VALUE_OF(NewCgroup(OptionsFor(c.path)));
  oci::Resources resources;
  resources.pids.emplace();
  resources.pids->limit = 7;
  REQUIRE_OK(again->Create(resources));
  CHECK(c.Read("pids", "pids.max") == "7");
  CHECK_FALSE(Exists(c.Dir("pids") + kChild + "/left"));
}

TEST_CASE("freezing stops, thawing continues, and killing needs no thaw") {
  Container c = NewContainer();
  SKIP_WITHOUT_V1(c);
  REQUIRE_OK(c.cgroup->Create({}));
  DestroyAtEnd end(c.cgroup.get());
  OwnedChild child =
      StartIn(VALUE_OF(c.cgroup->OpenForInit(InitStart::kWaits)));
  CHECK_FALSE(VALUE_OF(c.cgroup->Frozen()));
  REQUIRE_OK(c.cgroup->Freeze());
  CHECK(VALUE_OF(c.cgroup->Frozen()));
  REQUIRE_OK(c.cgroup->Thaw());
  CHECK_FALSE(VALUE_OF(c.cgroup->Frozen()));
  REQUIRE_OK(c.cgroup->Freeze());
  REQUIRE_OK(c.cgroup->KillAll());
  CHECK(VALUE_OF(child.Wait()).signal == SIGKILL);
}

TEST_CASE("what the container froze, nested and moved dies with it") {
  Container c = NewContainer();
  SKIP_WITHOUT_V1(c);
  REQUIRE_OK(c.cgroup->Create({}));
  DestroyAtEnd end(c.cgroup.get());
  OwnedChild child =
      StartIn(VALUE_OF(c.cgroup->OpenForInit(InitStart::kWaits)));
  const std::string nested = c.Dir("freezer") + kChild + "/a/b/c";
  REQUIRE_OK(MakeDirectories(nested, 0755));
  REQUIRE_OK(WriteExisting(nested + "/tasks", std::to_string(child.pid())));
  REQUIRE_OK(WriteExisting(nested + "/freezer.state", "FROZEN"));
  CHECK(VALUE_OF(c.cgroup->Processes()) == std::vector<pid_t>{child.pid()});
  // Not empty: destroying must say so, within its second.
  CHECK_ERRNO(EBUSY, c.cgroup->Destroy());
  REQUIRE_OK(c.cgroup->KillAll());
  CHECK(VALUE_OF(child.Wait()).signal == SIGKILL);
  REQUIRE_OK(c.cgroup->Destroy());
  CHECK(NothingLeft(c));
}

TEST_CASE("destroying waits for killed processes to drain") {
  Container c = NewContainer();
  SKIP_WITHOUT_V1(c);
  REQUIRE_OK(c.cgroup->Create({}));
  const JoinHandles handles =
      VALUE_OF(c.cgroup->OpenForInit(InitStart::kWaits));
  std::vector<OwnedChild> children;
  for (int i = 0; i < 20; ++i) children.push_back(StartIn(handles));
  REQUIRE_OK(c.cgroup->KillAll());
  CHECK_OK(c.cgroup->Destroy());
  CHECK(NothingLeft(c));
}

int UseMemory() {
  constexpr size_t kSize = 256 << 20;
  void* memory = mmap(nullptr, kSize, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  return memory == MAP_FAILED ? 1 : 0;
}

TEST_CASE("running out of memory is told, and counted") {
  Container c = NewContainer();
  SKIP_WITHOUT_V1(c);
  oci::Resources r = DockerResources();
  r.memory->limit = 16 << 20;
  r.memory->swap = 32 << 20;
  REQUIRE_OK(c.cgroup->Create(r));
  DestroyAtEnd end(c.cgroup.get());
  Fd events = VALUE_OF(c.cgroup->OpenOomEvents());
  CHECK_FALSE(VALUE_OF(c.cgroup->ConsumeOomEvents(events)));
  OwnedChild child =
      StartIn(VALUE_OF(c.cgroup->OpenForInit(InitStart::kWaits)), UseMemory);
  REQUIRE(VALUE_OF(WaitReadable(events, 20000)));
  CHECK(VALUE_OF(c.cgroup->ConsumeOomEvents(events)));
  CHECK(VALUE_OF(child.Wait()).signal == SIGKILL);
  const Stats stats = VALUE_OF(c.cgroup->ReadStats());
  CHECK(stats.memory.usage.failcnt > 0);
  CHECK(stats.memory.usage.limit == 16 << 20);
  REQUIRE_OK(c.cgroup->Destroy());
  REQUIRE(VALUE_OF(WaitReadable(events, 20000)));
  CHECK(c.cgroup->ConsumeOomEvents(events).status().code() ==
        absl::StatusCode::kNotFound);
}

int BurnCpu() {
  volatile uint64_t sum = 0;
  for (uint64_t i = 0; i < 20'000'000; ++i) sum = sum + i;
  return 0;
}

// Grows until the sleeper is asleep. Nanoseconds.
uint64_t CpuUsage(const Container& c) {
  return std::stoull(c.Read("cpuacct", "cpuacct.usage"));
}

TEST_CASE("statistics are those of the kernel's files") {
  Container c = NewContainer();
  SKIP_WITHOUT_V1(c);
  REQUIRE_OK(c.cgroup->Create(DockerResources()));
  DestroyAtEnd end(c.cgroup.get());
  const JoinHandles handles =
      VALUE_OF(c.cgroup->OpenForInit(InitStart::kWaits));
  OwnedChild worker = StartIn(handles, BurnCpu);
  CHECK(VALUE_OF(worker.Wait()).code == 0);
  OwnedChild sleeper = StartIn(handles);
  const uint64_t before = CpuUsage(c);
  const Stats stats = VALUE_OF(c.cgroup->ReadStats());
  CHECK(before > 0);
  CHECK(stats.cpu.usage_total_ns >= before);
  CHECK(stats.cpu.usage_total_ns <= CpuUsage(c));
  CHECK_FALSE(stats.cpu.usage_per_cpu_ns.empty());
  CHECK(stats.pids_current == 1);
  CHECK(stats.pids_limit == 100);
  CHECK(stats.memory.usage.usage > 0);
  CHECK(stats.memory.swap.limit == 128 << 20);
  CHECK(stats.memory.raw.at("hierarchical_memory_limit") == 64 << 20);
  CHECK(stats.cpuset_cpus == c.Read("cpuset", "cpuset.cpus"));
}

TEST_CASE("without delegation processes are in the limited directory itself") {
  Container c = NewContainer();
  SKIP_WITHOUT_V1(c);
  CgroupOptions options = OptionsFor(c.path);
  options.delegate = false;
  c.cgroup = VALUE_OF(NewCgroup(options));
  REQUIRE_OK(c.cgroup->Create(DockerResources()));
  DestroyAtEnd end(c.cgroup.get());
  CHECK_FALSE(Exists(c.Dir("pids") + kChild));
  OwnedChild child =
      StartIn(VALUE_OF(c.cgroup->OpenForInit(InitStart::kWaits)));
  CHECK(c.Read("pids", "cgroup.procs") == std::to_string(child.pid()));
}

TEST_CASE("a path that names the root is refused") {
  for (const char* path : {"/", "/..", "/a/.."}) {
    CHECK_FALSE(NewCgroup(OptionsFor(path)).ok());
  }
}

}  // namespace
}  // namespace sysbox::cgroups
