// On the real kernel, as root, where v1 controllers are mounted.
#include <cerrno>
#include <string>

#include "absl/cleanup/cleanup.h"
#include "catch2/catch.hpp"
#include "sysbox/cgroups/control_file.h"
#include "sysbox/cgroups/test_host.h"
#include "sysbox/cgroups/v1_container.h"
#include "sysbox/cgroups/v1_cpuset.h"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::cgroups {
namespace {

TEST_CASE("an update raises and lowers memory, child included") {
  Container c = NewContainer();
  SKIP_WITHOUT_V1(c);
  REQUIRE_OK(c.cgroup->Create(DockerResources()));
  DestroyAtEnd end(c.cgroup.get());
  for (int64_t mib : {256, 32, -1, 64}) {
    oci::Resources r;
    r.memory.emplace();
    r.memory->limit = mib < 0 ? -1 : mib << 20;
    r.memory->swap = mib < 0 ? -1 : mib << 21;
    INFO(mib);
    REQUIRE_OK(c.cgroup->Update(r));
    if (mib < 0) continue;
    CHECK(c.Read("memory", "memory.limit_in_bytes") ==
          std::to_string(mib << 20));
    CHECK(c.ReadChild("memory", "memory.memsw.limit_in_bytes") ==
          std::to_string(mib << 21));
  }
  CHECK(c.Read("cpu", "cpu.shares") == "512");  // untouched
}

TEST_CASE("an update that fails puts back what it had set") {
  Container c = NewContainer();
  SKIP_WITHOUT_V1(c);
  REQUIRE_OK(c.cgroup->Create(DockerResources()));
  DestroyAtEnd end(c.cgroup.get());
  oci::Resources r;
  r.memory.emplace();
  r.memory->limit = 200 << 20;
  r.memory->swap = 300 << 20;
  r.memory->disable_oom_killer = true;
  r.cpu.emplace();
  r.cpu->shares = 100;
  r.pids.emplace();
  r.pids->limit = 50;
  r.cpu->cpus = "4000";  // no such cpu
  const absl::Status status = c.cgroup->Update(r);
  CHECK(std::string(MessageOf(status)).find("linux.resources.cpu.cpus: ") == 0);
  CHECK(c.Read("memory", "memory.limit_in_bytes") == "67108864");
  CHECK(c.Read("memory", "memory.memsw.limit_in_bytes") == "134217728");
  CHECK(c.ReadChild("memory", "memory.limit_in_bytes") == "67108864");
  CHECK(FlatKeyedValue(c.Read("memory", "memory.oom_control"),
                       "oom_kill_disable") == 0);
  CHECK(c.Read("cpu", "cpu.shares") == "512");
  CHECK(c.Read("pids", "pids.max") == "100");
}

TEST_CASE("device rules can change while the container runs") {
  Container c = NewContainer();
  SKIP_WITHOUT_V1(c);
  REQUIRE_OK(c.cgroup->Create(DockerResources()));
  DestroyAtEnd end(c.cgroup.get());
  oci::Resources r;
  r.devices = {{true, "c", 10, 229, "rw"}};
  REQUIRE_OK(c.cgroup->Update(r));
  CHECK(c.Read("devices", "devices.list").find("c 10:229 rw") !=
        std::string::npos);
  CHECK(c.ReadChild("devices", "devices.list").find("c 10:229 rw") !=
        std::string::npos);
  r.devices = {{true, "a", {}, {}, "rwm"}};
  CHECK_FALSE(c.cgroup->Update(r).ok());
}

TEST_CASE("a smaller cpuset reaches cgroups the container made") {
  Container c = NewContainer();
  SKIP_WITHOUT_V1(c);
  const std::string all =
      VALUE_OF(ReadFile("/sys/fs/cgroup/cpuset/cpuset.cpus"));
  if (IntersectCpuList(Trim(all), "1").empty()) {
    WARN("skipped: this host has a single cpu");
    return;
  }
  REQUIRE_OK(c.cgroup->Create({}));
  DestroyAtEnd end(c.cgroup.get());
  const std::string nested = c.Dir("cpuset") + kChild + "/docker/inner";
  REQUIRE_OK(MakeDirectories(nested, 0755));
  CHECK(Trim(VALUE_OF(ReadFile(nested + "/cpuset.cpus"))) == Trim(all));
  oci::Resources r;
  r.cpu.emplace();
  r.cpu->cpus = "0";
  REQUIRE_OK(c.cgroup->Update(r));
  CHECK(c.Read("cpuset", "cpuset.cpus") == "0");
  CHECK(Trim(VALUE_OF(ReadFile(nested + "/cpuset.cpus"))) == "0");
  r.cpu->cpus = "0-1";
  REQUIRE_OK(c.cgroup->Update(r));
  CHECK(c.ReadChild("cpuset", "cpuset.cpus") == "0-1");
}

TEST_CASE("hugetlb limits go to the unified tree of a hybrid host") {
  Container c = NewContainer();
  SKIP_WITHOUT_V1(c);
  auto unified = UnifiedHierarchy();
  if (!unified.ok() || c.cgroup->Paths().count("hugetlb") != 0 ||
      !Exists("/sys/kernel/mm/hugepages/hugepages-2048kB")) {
    WARN("skipped: hugetlb is not in a unified hierarchy");
    return;
  }
  const std::string control = unified->mount_point + "/cgroup.subtree_control";
  const bool enabled = HasWord(VALUE_OF(ReadFile(control)), "hugetlb");
  absl::Cleanup restore = [&] {
    if (!enabled) (void)WriteExisting(control, "-hugetlb");
  };
  oci::Resources r = DockerResources();
  r.hugepage_limits = {{"2MB", 4 << 20}};
  REQUIRE_OK(c.cgroup->Create(r));
  DestroyAtEnd end(c.cgroup.get());
  CHECK(c.Read("", "hugetlb.2MB.max") == "4194304");
  OwnedChild child =
      StartIn(VALUE_OF(c.cgroup->OpenForInit(InitStart::kWaits)));
  const Stats stats = VALUE_OF(c.cgroup->ReadStats());
  CHECK(stats.hugetlb.count("2MB") == 1);
  r = {};
  r.hugepage_limits = {{"2MB", 2 << 20}};
  REQUIRE_OK(c.cgroup->Update(r));
  CHECK(c.Read("", "hugetlb.2MB.max") == "2097152");
  r.hugepage_limits = {{"3MB", 2 << 20}};
  const absl::Status status = c.cgroup->Update(r);
  CHECK(std::string(MessageOf(status))
            .find("linux.resources.hugepageLimits[0]: ") == 0);
}

}  // namespace
}  // namespace sysbox::cgroups
