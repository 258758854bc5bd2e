// On the real kernel, as root. The unified hierarchy of a hybrid host serves:
// it has the core's files, device programs, freezing and killing, and maybe
// hugetlb, but not the controllers mounted on v1.
#include "sysbox/cgroups/v2_cgroup.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>

#include "absl/cleanup/cleanup.h"
#include "catch2/catch.hpp"
#include "fmt/format.h"
#include "sysbox/cgroups/cgroup_events.h"
#include "sysbox/cgroups/cgroup_tree.h"
#include "sysbox/cgroups/control_file.h"
#include "sysbox/cgroups/process_killer.h"
#include "sysbox/cgroups/test_host.h"
#include "sysbox/cgroups/v2_directory.h"
#include "sysbox/linux/credentials.h"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::cgroups {
namespace {

constexpr uint32_t kOwner = 300000;

// The host's root keeps the controllers it had.
class KeepRootControllers {
 public:
  KeepRootControllers() {
    path_ =
        VALUE_OF(UnifiedHierarchy()).mount_point + "/cgroup.subtree_control";
    before_ = VALUE_OF(ReadFile(path_));
  }
  ~KeepRootControllers() {
    const std::string now = VALUE_OF(ReadFile(path_));
    for (std::string_view name : SplitFields(now, " \n")) {
      if (HasWord(before_, name)) continue;
      (void)WriteExisting(path_, "-" + std::string(name));
    }
  }

 private:
  std::string path_, before_;
};

CgroupOptions Options() {
  CgroupOptions options;
  options.owner_uid = options.owner_gid = kOwner;
  return options;
}

#define SKIP_WITHOUT_UNIFIED()                           \
  if (!UnifiedHierarchy().ok()) {                        \
    WARN("skipped: cgroup v2 hierarchy is not mounted"); \
    return;                                              \
  }                                                      \
  KeepRootControllers keep_root

uid_t OwnerOf(const std::string& path) {
  return VALUE_OF(StatAt(FdRef::Cwd(), path)).st_uid;
}

int OpenNull() {
  const auto null = Open("/dev/null", {.flags = O_RDWR});
  const auto kmsg = Open("/dev/kmsg", {.flags = O_RDONLY});
  if (!null.ok()) return 1;
  return ErrnoOf(kmsg.status()) == EPERM ? 0 : 2;
}

TEST_CASE("v2 delegates the directory and a leaf, not the limits") {
  SKIP_WITHOUT_UNIFIED();
  const Place place = VALUE_OF(UnifiedPlace(UniquePath()));
  V2Cgroup cgroup(Options(), place, false);
  REQUIRE_OK(cgroup.Create({}));
  DestroyAtEnd end(&cgroup);
  for (const std::string& dir : {place.path, place.path + "/init.scope"}) {
    CHECK(OwnerOf(dir) == kOwner);
    CHECK(OwnerOf(dir + "/cgroup.procs") == kOwner);
    CHECK(OwnerOf(dir + "/cgroup.threads") == kOwner);
    CHECK(OwnerOf(dir + "/cgroup.subtree_control") == kOwner);
    CHECK(OwnerOf(dir + "/cgroup.freeze") == 0);
  }
  const JoinHandles handles = VALUE_OF(cgroup.OpenForProcess(0));
  CHECK_FALSE(handles.leaf_procs.valid());
  CHECK(handles.tasks.empty());
  OwnedChild child = StartIn(handles);
  CHECK(VALUE_OF(ReadFile(place.path + "/init.scope/cgroup.procs")) ==
        std::to_string(child.pid()) + "\n");
  CHECK(VALUE_OF(cgroup.Processes()) == std::vector<pid_t>{child.pid()});
  V2Cgroup other(Options(), place, false);
  CHECK(std::string(MessageOf(other.Create({}))).find("is in use") !=
        std::string::npos);
  CHECK(cgroup.Paths().at("") == place.path);
}

const JoinHandles* waiting_init;

// As somebody without any rights, which the opened files have.
int BeStarted() {
  if (!SetUserIds(kOwner + 1000).ok()) return 1;
  if (!WriteAll(waiting_init->leaf_procs, "0").ok()) return 2;
  const std::string& delegated = waiting_init->delegated;
  if (delegated.empty()) return 0;
  return WriteAll(waiting_init->subtree_control, delegated).ok() ? 0 : 3;
}

TEST_CASE("init waits above its leaf, and gives controllers when started") {
  SKIP_WITHOUT_UNIFIED();
  const Place place = VALUE_OF(UnifiedPlace(UniquePath()));
  V2Cgroup cgroup(Options(), place, false);
  REQUIRE_OK(cgroup.Create({}));
  DestroyAtEnd end(&cgroup);
  const JoinHandles handles = VALUE_OF(cgroup.OpenForInit(InitStart::kWaits));
  {
    OwnedChild waiting = StartIn(handles);
    CHECK(VALUE_OF(ReadFile(place.path + "/cgroup.procs")) ==
          std::to_string(waiting.pid()) + "\n");
  }
  waiting_init = &handles;
  OwnedChild init = StartIn(handles, BeStarted);
  CHECK(VALUE_OF(init.Wait()).code == 0);
  Fd outer = VALUE_OF(OpenCgroupDirectory(place.path));
  Fd leaf = VALUE_OF(OpenCgroupDirectory(place.path + "/init.scope"));
  CHECK(VALUE_OF(AvailableControllers(leaf)) ==
        VALUE_OF(AvailableControllers(outer)));
}

TEST_CASE("a further process is with init where the leaf takes none") {
  SKIP_WITHOUT_UNIFIED();
  const Place place = VALUE_OF(UnifiedPlace(UniquePath()));
  V2Cgroup cgroup(Options(), place, false);
  REQUIRE_OK(cgroup.Create({}));
  DestroyAtEnd end(&cgroup);
  OwnedChild init = StartIn(VALUE_OF(cgroup.OpenForInit(InitStart::kWaits)));
  REQUIRE_OK(RemoveDirectory(place.path + "/init.scope"));
  OwnedChild more = StartIn(VALUE_OF(cgroup.OpenForProcess(init.pid())));
  CHECK(VALUE_OF(ReadFile(place.path + "/cgroup.procs")) ==
        fmt::format("{}\n{}\n", init.pid(), more.pid()));
  // Where this process is, no container's is.
  CHECK(MessageOf(cgroup.OpenForProcess(getpid()).status())
            .find("is not in cgroup") != std::string_view::npos);
}

TEST_CASE("a directory that gives controllers is taken over all the same") {
  SKIP_WITHOUT_UNIFIED();
  const Place place = VALUE_OF(UnifiedPlace(UniquePath()));
  V2Cgroup cgroup(Options(), place, false);
  REQUIRE_OK(cgroup.Create({}));
  DestroyAtEnd end(&cgroup);
  const JoinHandles handles = VALUE_OF(cgroup.OpenForInit(InitStart::kWaits));
  waiting_init = &handles;
  CHECK(VALUE_OF(StartIn(handles, BeStarted).Wait()).code == 0);
  V2Cgroup next(Options(), place, false);
  REQUIRE_OK(next.Create({}));
  OwnedChild init = StartIn(VALUE_OF(next.OpenForInit(InitStart::kWaits)));
  CHECK(VALUE_OF(next.Processes()) == std::vector<pid_t>{init.pid()});
}

TEST_CASE("device programs allow what is listed and nothing else") {
  SKIP_WITHOUT_UNIFIED();
  const Place place = VALUE_OF(UnifiedPlace(UniquePath()));
  V2Cgroup cgroup(Options(), place, false);
  REQUIRE_OK(cgroup.Create({}));
  DestroyAtEnd end(&cgroup);
  OwnedChild child =
      StartIn(VALUE_OF(cgroup.OpenForInit(InitStart::kWaits)), OpenNull);
  CHECK(VALUE_OF(child.Wait()).code == 0);
  oci::Resources resources;
  resources.devices = {{true, "c", 1, 11, "r"}};  // kmsg
  REQUIRE_OK(cgroup.Update(resources));
  child = StartIn(VALUE_OF(cgroup.OpenForInit(InitStart::kWaits)), OpenNull);
  CHECK(VALUE_OF(child.Wait()).code == 2);  // kmsg opens now
}

TEST_CASE("v2 freezes, thaws and kills") {
  SKIP_WITHOUT_UNIFIED();
  const Place place = VALUE_OF(UnifiedPlace(UniquePath()));
  V2Cgroup cgroup(Options(), place, false);
  REQUIRE_OK(cgroup.Create({}));
  DestroyAtEnd end(&cgroup);
  OwnedChild child = StartIn(VALUE_OF(cgroup.OpenForInit(InitStart::kWaits)));
  REQUIRE_OK(cgroup.Freeze());
  CHECK(VALUE_OF(cgroup.Frozen()));
  CHECK(*FlatKeyedValue(VALUE_OF(ReadFile(place.path + "/cgroup.events")),
                        "frozen") == 1);
  REQUIRE_OK(cgroup.Thaw());
  CHECK_FALSE(VALUE_OF(cgroup.Frozen()));
  REQUIRE_OK(cgroup.Freeze());
  REQUIRE_OK(cgroup.KillAll());
  CHECK(VALUE_OF(child.Wait()).signal == SIGKILL);
  CHECK_OK(cgroup.Destroy());
  CHECK_OK(cgroup.KillAll());  // gone is fine
  CHECK(VALUE_OF(cgroup.Processes()).empty());
}

TEST_CASE("a limit of an absent controller names the field") {
  SKIP_WITHOUT_UNIFIED();
  const Place place = VALUE_OF(UnifiedPlace(UniquePath()));
  Fd root = VALUE_OF(OpenCgroupDirectory(place.mount_point));
  for (const std::string& name : VALUE_OF(AvailableControllers(root))) {
    if (name == "pids") {
      WARN("skipped: this host has pids on v2");
      return;
    }
  }
  V2Cgroup cgroup(Options(), place, false);
  oci::Resources resources;
  resources.pids.emplace();
  resources.pids->limit = 5;
  CHECK(MessageOf(cgroup.Create(resources)) ==
        "linux.resources.pids.limit: the pids cgroup controller is not "
        "available");
  CHECK_FALSE(Exists(place.path));
}

TEST_CASE("a failing unified update puts old values back") {
  SKIP_WITHOUT_UNIFIED();
  const Place place = VALUE_OF(UnifiedPlace(UniquePath()));
  V2Cgroup cgroup(Options(), place, false);
  oci::Resources resources;
  resources.unified = {{"cgroup.max.depth", "9"}};
  REQUIRE_OK(cgroup.Create(resources));
  DestroyAtEnd end(&cgroup);
  resources.unified = {{"cgroup.max.depth", "5"},
                       {"cgroup.max.descendants", "x"}};
  const absl::Status status = cgroup.Update(resources);
  CHECK(std::string(MessageOf(status))
            .find("linux.resources.unified[\"cgroup.max.descendants\"]: ") ==
        0);
  CHECK(VALUE_OF(ReadFile(place.path + "/cgroup.max.depth")) == "9\n");
}

TEST_CASE("waiting for an empty cgroup ends with its last process") {
  SKIP_WITHOUT_UNIFIED();
  const Place place = VALUE_OF(UnifiedPlace(UniquePath()));
  V2Cgroup cgroup(Options(), place, false);
  REQUIRE_OK(cgroup.Create({}));
  DestroyAtEnd end(&cgroup);
  OwnedChild child = StartIn(VALUE_OF(cgroup.OpenForInit(InitStart::kWaits)));
  CHECK_FALSE(VALUE_OF(
      WaitForCgroupEvent(place.path, "populated", 0, absl::Milliseconds(20))));
  REQUIRE_OK(cgroup.KillAll());
  CHECK(VALUE_OF(
      WaitForCgroupEvent(place.path, "populated", 0, absl::Seconds(20))));
  CHECK(VALUE_OF(WaitForCgroupEvent(place.path + "/absent", "populated", 0,
                                    absl::ZeroDuration())));
}

TEST_CASE("trees deeper than we may open files are walked and removed") {
  SKIP_WITHOUT_UNIFIED();
  const Place place = VALUE_OF(UnifiedPlace(UniquePath()));
  V2Cgroup cgroup(Options(), place, false);
  REQUIRE_OK(cgroup.Create({}));
  DestroyAtEnd end(&cgroup);
  constexpr int kDepth = 300;
  Fd at = VALUE_OF(OpenCgroupDirectory(place.path));
  for (int i = 0; i < kDepth; ++i) {
    REQUIRE_OK(MakeDirectoryAt(at, "sub", 0755));
    REQUIRE_OK(MakeDirectoryAt(at, "twin", 0755));
    at = VALUE_OF(OpenAt(at, "sub", {.flags = O_RDONLY | O_DIRECTORY}));
  }
  int seen = 0;
  TreeVisitor visitor;
  visitor.enter = [&seen](FdRef) {
    ++seen;
    return absl::OkStatus();
  };
  Fd root = VALUE_OF(OpenCgroupDirectory(place.path));
  REQUIRE_OK(WalkCgroups(root, visitor));
  CHECK(seen == 2 * kDepth + 2);  // itself and its leaf
  REQUIRE_OK(cgroup.Destroy());
  CHECK_FALSE(Exists(place.path));
}

TEST_CASE("processes are killed by hand where there is no cgroup.kill") {
  SKIP_WITHOUT_UNIFIED();
  const Place place = VALUE_OF(UnifiedPlace(UniquePath()));
  V2Cgroup cgroup(Options(), place, false);
  REQUIRE_OK(cgroup.Create({}));
  DestroyAtEnd end(&cgroup);
  const JoinHandles handles = VALUE_OF(cgroup.OpenForInit(InitStart::kWaits));
  OwnedChild first = StartIn(handles);
  OwnedChild second = StartIn(handles);
  Fd root = VALUE_OF(OpenCgroupDirectory(place.path));
  CHECK(VALUE_OF(KillProcessesBelow(root)) == 2);
  CHECK(VALUE_OF(first.Wait()).signal == SIGKILL);
  CHECK(VALUE_OF(second.Wait()).signal == SIGKILL);
}

}  // namespace
}  // namespace sysbox::cgroups
