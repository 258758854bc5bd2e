// Root file systems made to lead mounts astray.
#include <string>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/mounts/container_harness.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"
#include "sysbox/testing/user_namespace.h"

namespace sysbox::mounts {
namespace {

using testing::TempDir;

TEST_CASE("a false /dev/null is not bound over a masked file") {
  TempDir root;
  REQUIRE_OK(MakeDirectory(root / "dev", 0755));
  REQUIRE_OK(ReplaceFile(root / "file", "x", 0644));
  REQUIRE_OK(ReplaceFile(root / "dev/null", "leak", 0644));
  MountPlan plan = PlainPlan(root.path());
  plan.ops.push_back(Hidden(MountOp::Kind::kMask, "/file"));
  plan.ops.back().field = "linux.maskedPaths[0]";
  const absl::Status refused =
      RunInContainer(plan, [] { return absl::OkStatus(); });
  CHECK(MessageOf(refused) ==
        "linux.maskedPaths[0] \"/file\": /dev/null in the rootfs is not the "
        "null device");
}

TEST_CASE("links in the rootfs never lead a mount out of it") {
  TempDir host, volume;
  REQUIRE_OK(MakeDirectories(host / "rootfs", 0755));
  REQUIRE_OK(MakeDirectory(host / "outside", 0755));
  const std::string rootfs = host / "rootfs";
  REQUIRE_OK(Symlink("../../../../../..", rootfs + "/up"));
  REQUIRE_OK(Symlink(host / "outside", rootfs + "/absolute"));
  REQUIRE_OK(ReplaceFile(volume / "mark", "x", 0644));
  MountPlan plan = PlainPlan(rootfs);
  plan.ops.push_back(Bind(volume.path(), "/up/made"));
  plan.ops.push_back(Bind(volume.path(), "/absolute/made"));
  CHECK_OK(RunInContainer(plan, [&] {
    RETURN_UNLESS(Exists("/made/mark"));
    RETURN_UNLESS(Exists((host / "outside") + "/made/mark"));
    return absl::OkStatus();
  }));
  CHECK_FALSE(Exists(host / "outside/made"));
  CHECK_FALSE(Exists("/made"));
  CHECK(Exists(rootfs + "/made"));
}

TEST_CASE("a link in the rootfs cannot lead a mount onto procfs") {
  TempDir root, volume;
  REQUIRE_OK(Symlink("/proc/sys", root / "etc"));
  MountPlan plan = PlainPlan(root.path());
  AddBaseOps(plan);
  plan.ops.push_back(Bind(volume.path(), "/etc"));
  const absl::Status refused =
      RunInContainer(plan, [] { return absl::OkStatus(); });
  CHECK(MessageOf(refused).ends_with("\"/etc\" leads into /proc"));
}

TEST_CASE("proc is not mounted by way of a link") {
  TempDir root;
  REQUIRE_OK(MakeDirectory(root / "elsewhere", 0755));
  REQUIRE_OK(Symlink("elsewhere", root / "proc"));
  MountPlan plan = PlainPlan(root.path());
  AddBaseOps(plan);
  const absl::Status refused =
      RunInContainer(plan, [] { return absl::OkStatus(); });
  CHECK(MessageOf(refused).ends_with(
      "mount proc on /proc: \"/proc\" in the rootfs is not an ordinary "
      "directory"));
}

}  // namespace
}  // namespace sysbox::mounts
