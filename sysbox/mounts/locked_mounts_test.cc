#include "sysbox/mounts/locked_mounts.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <vector>

#include "catch2/catch.hpp"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount_info.h"
#include "sysbox/mounts/container_harness.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"
#include "sysbox/testing/user_namespace.h"

namespace sysbox::mounts {
namespace {

using testing::TempDir;
using Method = LockingStage::Method;

constexpr uint64_t kReadOnly = MOUNT_ATTR_RDONLY;

int WriteError(const std::string& path) {
  return ErrnoOf(
      Open(path, {.flags = O_WRONLY | O_CREAT, .mode = 0644}).status());
}

// The errno of clearing `flags`, by the old interface or by the new one.
int ClearError(const std::string& path, uint64_t flags,
               bool recursive = false) {
  const auto mount = Open(path, {.flags = O_PATH});
  if (!mount.ok()) return ErrnoOf(mount.status());
  return ErrnoOf(SetMountAttributes(
      *mount, {.set = 0, .clear = flags, .propagation = 0}, recursive));
}
int RemountError(const std::string& path, unsigned long flags) {
  const int result =
      mount("", path.c_str(), "", MS_REMOUNT | MS_BIND | flags, nullptr);
  return result == 0 ? 0 : errno;
}

MountOp ReadOnlyBind(const std::string& source, const std::string& target) {
  MountOp op = Bind(source, target);
  op.attributes.set = kReadOnly;
  op.locked = true;
  return op;
}

absl::Status CheckStaysReadOnly(const std::string& directory) {
  RETURN_UNLESS(WriteError(directory + "/x") == EROFS);
  RETURN_UNLESS(ClearError(directory, kReadOnly) == EPERM);
  RETURN_UNLESS(ClearError(directory, kReadOnly, true) == EPERM);
  RETURN_UNLESS(RemountError(directory, 0) == EPERM);
  return absl::OkStatus();
}

TEST_CASE("a locked read-only bind stays read-only, in every copy") {
  const Method method = GENERATE(Method::kDetached, Method::kAttached);
  TempDir root, volume;
  REQUIRE_OK(ReplaceFile(volume / "file", "x", 0644));
  REQUIRE_OK(MakeDirectory(root / "copy", 0755));
  REQUIRE_OK(MakeDirectory(root / "ro", 0755));
  REQUIRE_OK(ReplaceFile(root / "ro/own", "x", 0644));
  MountPlan plan = PlainPlan(root.path());
  AddBaseOps(plan);
  plan.ops.push_back(ReadOnlyBind(volume.path(), "/ro"));
  plan.ops.push_back(ReadOnlyBind(volume / "file", "/file"));
  const auto inside = []() -> absl::Status {
    SYSBOX_RETURN_IF_ERROR(CheckStaysReadOnly("/ro"));
    RETURN_UNLESS(WriteError("/file") == EROFS);
    RETURN_UNLESS(ClearError("/file", kReadOnly) == EPERM);
    RETURN_UNLESS(mount("/ro", "/copy", "", MS_BIND, nullptr) == 0);
    SYSBOX_RETURN_IF_ERROR(CheckStaysReadOnly("/copy"));
    // Its parent can be bound without what lies on it, and it can go.
    RETURN_UNLESS(mount("/", "/copy", "", MS_BIND, nullptr) == 0);
    RETURN_UNLESS(Exists("/copy/ro/own"));
    RETURN_UNLESS(umount("/ro") == 0 && umount("/file") == 0);
    RETURN_UNLESS(Exists("/ro/own") && !Exists("/ro/file"));
    return absl::OkStatus();
  };
  CHECK_OK(RunInContainer(plan, inside, {.emulated = {}, .lock_by = method}));
  CHECK(!Exists(volume / "x"));
}

TEST_CASE("nosuid, nodev and noexec are locked as well, and only if set") {
  TempDir root, volume;
  MountPlan plan = PlainPlan(root.path());
  for (const uint64_t flag :
       {uint64_t{MOUNT_ATTR_NOSUID}, uint64_t{MOUNT_ATTR_NODEV},
        uint64_t{MOUNT_ATTR_NOEXEC}}) {
    plan.ops.push_back(ReadOnlyBind(volume.path(), fmt::format("/{}", flag)));
    plan.ops.back().attributes.set = flag;
  }
  CHECK_OK(RunInContainer(plan, []() -> absl::Status {
    for (const uint64_t flag :
         {uint64_t{MOUNT_ATTR_NOSUID}, uint64_t{MOUNT_ATTR_NODEV},
          uint64_t{MOUNT_ATTR_NOEXEC}}) {
      const std::string path = fmt::format("/{}", flag);
      RETURN_UNLESS(ClearError(path, flag) == EPERM);
      RETURN_UNLESS(WriteError(path + "/x") == 0);
      RETURN_UNLESS(ClearError(path, kLockableAttributes & ~flag) == 0);
    }
    return absl::OkStatus();
  }));
}

TEST_CASE("what is mounted below a read-only source is locked as it is") {
  const Method method = GENERATE(Method::kDetached, Method::kAttached);
  TempDir root, host;
  REQUIRE_OK(MakeDirectory(host / "sub", 0755));
  MountPlan plan = PlainPlan(root.path());
  plan.ops.push_back(ReadOnlyBind(host.path(), "/ro"));
  plan.ops.push_back(ReadOnlyBind(host.path(), "/rro"));
  plan.ops.back().attributes.set = 0;
  plan.ops.back().recursive_attributes.set = kReadOnly;
  const auto inside = []() -> absl::Status {
    SYSBOX_RETURN_IF_ERROR(CheckStaysReadOnly("/ro"));
    RETURN_UNLESS(WriteError("/ro/sub/x") == 0);
    SYSBOX_RETURN_IF_ERROR(CheckStaysReadOnly("/rro"));
    return CheckStaysReadOnly("/rro/sub");
  };
  CHECK_OK(testing::RunInNamespaces(CLONE_NEWNS, [&]() -> absl::Status {
    SYSBOX_ASSIGN_OR_RETURN(const Fd sub,
                            Open(host / "sub", {.flags = O_PATH}));
    SYSBOX_ASSIGN_OR_RETURN(const DetachedMount tmpfs,
                            NewFilesystem("tmpfs", "t", {}, 0));
    SYSBOX_RETURN_IF_ERROR(AttachMount(tmpfs, sub));
    return RunInContainer(plan, inside, {.emulated = {}, .lock_by = method});
  }));
}

TEST_CASE("a locked bind has the propagation it was given, and no master") {
  TempDir root, volume;
  MountPlan plan = PlainPlan(root.path());
  AddBaseOps(plan);
  for (const unsigned flags :
       {MS_PRIVATE, MS_SLAVE, MS_SHARED, MS_UNBINDABLE}) {
    plan.ops.push_back(ReadOnlyBind(volume.path(), fmt::format("/v{}", flags)));
    plan.ops.back().propagation = {uint64_t{MS_SLAVE} | MS_REC,
                                   uint64_t{flags} | MS_REC};
  }
  CHECK_OK(testing::RunInNamespaces(CLONE_NEWNS, [&] {
    return RunInContainer(plan, []() -> absl::Status {
      SYSBOX_ASSIGN_OR_RETURN(const auto mounts, ReadOwnMountInfo());
      for (const MountInfo& mount : mounts) {
        std::string text;
        for (const std::string& field : mount.optional_fields) text += field;
        if (mount.mount_point == fmt::format("/v{}", MS_UNBINDABLE)) {
          RETURN_UNLESS(text.starts_with("unbindable"));
        }
        if (mount.mount_point == fmt::format("/v{}", MS_SHARED)) {
          RETURN_UNLESS(text.starts_with("shared:"));
        } else {
          RETURN_UNLESS(text.find("shared:") == std::string::npos);
        }
      }
      return absl::OkStatus();
    });
  }));
}

TEST_CASE("a read-only rootfs stays so; what is mounted on it, as it was") {
  const Method method = GENERATE(Method::kDetached, Method::kAttached);
  const bool no_pivot = GENERATE(false, true);
  TempDir root, first, second, third;
  REQUIRE_OK(ReplaceFile(first / "name", "first", 0644));
  REQUIRE_OK(ReplaceFile(second / "name", "second", 0644));
  REQUIRE_OK(ReplaceFile(third / "name", "third", 0644));
  MountPlan plan = PlainPlan(root.path());
  plan.rootfs.readonly = plan.rootfs.locked = true;
  plan.no_pivot = no_pivot;
  AddBaseOps(plan);
  // Stacked; hidden by another; a file.
  plan.ops.push_back(Bind(first.path(), "/v"));
  plan.ops.push_back(ReadOnlyBind(second.path(), "/v"));
  plan.ops.push_back(Bind(third.path(), "/v"));
  plan.ops.push_back(Bind(first / "name", "/f"));
  plan.ops.push_back(Bind(second / "name", "/f"));
  plan.ops.push_back(Bind(first.path(), "/h/hidden"));
  plan.ops.push_back(Bind(second.path(), "/h"));
  const auto inside = [&]() -> absl::Status {
    SYSBOX_RETURN_IF_ERROR(CheckStaysReadOnly("/"));
    RETURN_UNLESS(WriteError("/dev/x") == 0 && WriteError("/v/x") == 0);
    RETURN_UNLESS(ReadFile("/proc/self/stat").ok());
    for (const char* name : {"third", "second", "first"}) {
      SYSBOX_ASSIGN_OR_RETURN(const std::string text, ReadFile("/v/name"));
      RETURN_UNLESS(text == name);
      // The harness's own process still has it open.
      RETURN_UNLESS(umount2("/v", MNT_DETACH) == 0);
    }
    SYSBOX_ASSIGN_OR_RETURN(const std::string text, ReadFile("/f"));
    RETURN_UNLESS(text == "second");
    RETURN_UNLESS(ReadFile("/h/name").ok());
    SYSBOX_ASSIGN_OR_RETURN(const auto mounts, ReadOwnMountInfo());
    for (const MountInfo& mount : mounts) {
      RETURN_UNLESS(mount.mount_point != "/" ||
                    mount.options.starts_with("ro"));
      RETURN_UNLESS(mount.mount_point != "/sys" || mount.type == "sysfs");
    }
    return absl::OkStatus();
  };
  CHECK_OK(RunInContainer(plan, inside, {.emulated = {}, .lock_by = method}));
  CHECK(Exists(third / "x"));
}

TEST_CASE("a mount that lies below a locked one comes on top of it") {
  TempDir root, volume, other;
  REQUIRE_OK(MakeDirectory(volume / "sub", 0755));
  MountPlan plan = PlainPlan(root.path());
  plan.ops.push_back(ReadOnlyBind(volume.path(), "/ro"));
  plan.ops.push_back(Bind(other.path(), "/ro/sub"));
  MountOp tmpfs;
  tmpfs.kind = MountOp::Kind::kFilesystem;
  tmpfs.target = "/run";
  tmpfs.type = tmpfs.source = "tmpfs";
  plan.ops.push_back(tmpfs);
  plan.ops.push_back(ReadOnlyBind(volume.path(), "/run/deep/er"));
  CHECK_OK(RunInContainer(plan, []() -> absl::Status {
    SYSBOX_RETURN_IF_ERROR(CheckStaysReadOnly("/ro"));
    RETURN_UNLESS(WriteError("/ro/sub/x") == 0);
    RETURN_UNLESS(WriteError("/run/x") == 0);
    return CheckStaysReadOnly("/run/deep/er");
  }));
  CHECK(Exists(other / "x"));
}

TEST_CASE("nothing of it is seen on the host") {
  const Method method = GENERATE(Method::kDetached, Method::kAttached);
  const std::string before = VALUE_OF(ReadFile("/proc/self/mountinfo"));
  auto stage = LockingStage::MakeBy(method);
  REQUIRE_OK(stage.status());
  CHECK(VALUE_OF(ReadFile("/proc/self/mountinfo")) == before);
  TempDir volume;
  DetachedMount mount = VALUE_OF(CloneTree(FdRef::Cwd(), volume.path(), false));
  CHECK_OK(stage->Put(mount, "x"));
  CHECK(VALUE_OF(ReadFile("/proc/self/mountinfo")) == before);
  CHECK_ERRNO(EEXIST, stage->Put(mount, "x"));
}

int UnmountError(const char* path, int flags) {
  return umount2(path, flags) == 0 ? 0 : errno;
}
int MoveError(const char* from, const char* to) {
  return mount(from, to, "", MS_MOVE, nullptr) == 0 ? 0 : errno;
}

absl::Status CheckStays(const char* path, const char* elsewhere) {
  for (int flags : {0, int{MNT_DETACH}, int{MNT_FORCE},
                    int{UMOUNT_NOFOLLOW} | int{MNT_DETACH}}) {
    RETURN_UNLESS(UnmountError(path, flags) == EINVAL);
  }
  RETURN_UNLESS(MoveError(path, elsewhere) == EINVAL);
  return absl::OkStatus();
}

TEST_CASE("what is to stay can be neither unmounted nor moved") {
  const Method method = GENERATE(Method::kDetached, Method::kAttached);
  const bool locked_root = GENERATE(false, true);
  TempDir root, volume;
  REQUIRE_OK(ReplaceFile(volume / "file", "x", 0644));
  for (const char* name : {"copy", "ro", "free"}) {
    REQUIRE_OK(MakeDirectory(root / name, 0755));
  }
  MountPlan plan = PlainPlan(root.path());
  plan.rootfs.locked = plan.rootfs.readonly = locked_root;
  AddBaseOps(plan);
  plan.ops.push_back(ReadOnlyBind(volume.path(), "/ro"));
  plan.ops.back().stays = true;
  plan.ops.push_back(ReadOnlyBind(volume / "file", "/file"));
  plan.ops.back().stays = true;
  plan.ops.push_back(ReadOnlyBind(volume.path(), "/free"));
  const auto inside = []() -> absl::Status {
    SYSBOX_RETURN_IF_ERROR(CheckStays("/ro", "/copy"));
    SYSBOX_RETURN_IF_ERROR(CheckStays("/file", "/ro/file"));
    SYSBOX_RETURN_IF_ERROR(CheckStaysReadOnly("/ro"));
    RETURN_UNLESS(unshare(CLONE_NEWNS) == 0);
    SYSBOX_RETURN_IF_ERROR(CheckStays("/ro", "/copy"));
    // A copy of everything comes and goes, with all that is in it.
    RETURN_UNLESS(mount("/", "/copy", "", MS_BIND | MS_REC, nullptr) == 0);
    SYSBOX_RETURN_IF_ERROR(CheckStays("/copy/ro", "/free"));
    RETURN_UNLESS(UnmountError("/copy", MNT_DETACH) == 0);
    // So does what is mounted on it.
    RETURN_UNLESS(mount("t", "/ro", "tmpfs", 0, nullptr) == 0);
    RETURN_UNLESS(UnmountError("/ro", 0) == 0);
    SYSBOX_RETURN_IF_ERROR(CheckStays("/ro", "/copy"));
    RETURN_UNLESS(UnmountError("/free", 0) == 0);
    RETURN_UNLESS(unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0);
    SYSBOX_RETURN_IF_ERROR(CheckStays("/ro", "/copy"));
    return absl::OkStatus();
  };
  CHECK_OK(RunInContainer(plan, inside, {{}, method}));
}

TEST_CASE("nothing is mounted below what is to stay by way of a symlink") {
  const auto kind = GENERATE(MountOp::Kind::kBind, MountOp::Kind::kMask);
  const auto target = GENERATE("/link/sub", "/link/sub/file", "/link");
  TempDir root, volume;
  REQUIRE_OK(MakeDirectory(volume / "sub", 0755));
  REQUIRE_OK(ReplaceFile(volume / "sub/file", "x", 0644));
  for (const char* name : {"ro", "link"}) {
    REQUIRE_OK(MakeDirectory(root / name, 0755));
  }
  REQUIRE(rmdir((root / "link").c_str()) == 0);
  REQUIRE(symlink("/ro", (root / "link").c_str()) == 0);
  MountPlan plan = PlainPlan(root.path());
  AddBaseOps(plan);
  plan.ops.push_back(ReadOnlyBind(volume.path(), "/ro"));
  plan.ops.back().stays = true;
  const bool file = std::string_view(target).ends_with("file");
  plan.ops.push_back(
      kind == MountOp::Kind::kMask
          ? Hidden(kind, target)
          : Bind(file ? volume / "sub/file" : volume.path(), target));
  const absl::Status done =
      RunInContainer(plan, [] { return absl::OkStatus(); });
  // At its very place it is on top.
  CHECK(done.ok() == (std::string_view(target) == "/link"));
  if (done.ok()) return;
  CHECK(MessageOf(done).find("it leads below a read-only mount") !=
        std::string::npos);
}

}  // namespace
}  // namespace sysbox::mounts
