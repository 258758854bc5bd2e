#include "sysbox/mounts/apply.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount_info.h"
#include "sysbox/linux/rooted_path.h"
#include "sysbox/mounts/container_harness.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"
#include "sysbox/testing/user_namespace.h"

namespace sysbox::mounts {
namespace {

using testing::TempDir;

// 0, or the errno of opening for writing.
int WriteError(const std::string& path) {
  const auto fd = Open(path, {.flags = O_WRONLY | O_CREAT, .mode = 0644});
  return ErrnoOf(fd.status());
}

bool OwnedByRoot(const std::string& path) {
  const auto found = StatAt(FdRef::Cwd(), path, AT_SYMLINK_NOFOLLOW);
  return found.ok() && found->st_uid == 0 && found->st_gid == 0;
}

TEST_CASE("what root makes in a plain rootfs is root's on the host's disk") {
  TempDir dir;
  REQUIRE_OK(ReplaceFile(dir / "old", "x", 0600));
  CHECK_OK(RunInContainer(PlainPlan(dir.path()), [] {
    RETURN_UNLESS(OwnedByRoot("/"));
    RETURN_UNLESS(ReadFile("/old").ok());
    RETURN_UNLESS(!Exists("/proc/self"));  // nothing of the host is left
    SYSBOX_RETURN_IF_ERROR(MakeDirectory("/new", 0755));
    return ReplaceFile("/new/file", "y", 0600);
  }));
  CHECK(OwnedByRoot(dir / "new"));
  CHECK(OwnedByRoot(dir / "new/file"));
}

TEST_CASE("the base mounts of a system container work inside") {
  TempDir dir;
  MountPlan plan = PlainPlan(dir.path());
  AddBaseOps(plan);
  CHECK_OK(RunInContainer(plan, [] {
    SYSBOX_ASSIGN_OR_RETURN(const std::string self, ReadLink("/proc/self"));
    RETURN_UNLESS(self == "1");
    RETURN_UNLESS(Exists("/sys/class/net/lo"));
    // Device nodes: root's, and they open.
    SYSBOX_ASSIGN_OR_RETURN(const struct stat null,
                            StatAt(FdRef::Cwd(), "/dev/null"));
    RETURN_UNLESS(S_ISCHR(null.st_mode) && null.st_rdev == makedev(1, 3));
    RETURN_UNLESS((null.st_mode & 07777) == 0666);
    RETURN_UNLESS(OwnedByRoot("/dev") && OwnedByRoot("/dev/null"));
    RETURN_UNLESS(OwnedByRoot("/dev/ptmx") && OwnedByRoot("/dev/deep/er"));
    SYSBOX_RETURN_IF_ERROR(WriteExisting("/dev/null", "x"));
    SYSBOX_ASSIGN_OR_RETURN(const struct stat zero,
                            StatAt(FdRef::Cwd(), "/dev/deep/er/zero"));
    RETURN_UNLESS(zero.st_gid == 20 && (zero.st_mode & 07777) == 0640);
    RETURN_UNLESS(Open("/dev/deep/er/zero", {.flags = O_RDONLY}).ok());
    RETURN_UNLESS(Open("/dev/ptmx", {.flags = O_RDWR | O_NOCTTY}).ok());
    // The container's own cgroups.
    SYSBOX_ASSIGN_OR_RETURN(const auto names, ListDirectory("/sys/fs/cgroup"));
    RETURN_UNLESS(!names.empty());
    const bool unified = Exists("/sys/fs/cgroup/cgroup.procs");
    RETURN_UNLESS(unified || Exists("/sys/fs/cgroup/pids/cgroup.procs") ||
                  Exists("/sys/fs/cgroup/systemd/cgroup.procs"));
    return absl::OkStatus();
  }));
}

TEST_CASE("a volume's files are the container's, its writes root's on disk") {
  TempDir root, volume;
  REQUIRE_OK(ReplaceFile(volume / "mine", "x", 0600));
  MountPlan plan = PlainPlan(root.path());
  plan.ops.push_back(Bind(volume.path(), "/made/for/it"));
  CHECK_OK(RunInContainer(plan, [] {
    RETURN_UNLESS(OwnedByRoot("/made/for/it/mine"));
    return ReplaceFile("/made/for/it/new", "y", 0600);
  }));
  CHECK(OwnedByRoot(volume / "new"));
  CHECK(OwnedByRoot(root / "made/for/it"));
}

TEST_CASE("a volume that is not id-mapped keeps the host's ids") {
  TempDir root, volume;
  REQUIRE_OK(ReplaceFile(volume / "theirs", "x", 0644));
  REQUIRE(chmod(volume.path().c_str(), 0755) == 0);
  MountPlan plan = PlainPlan(root.path());
  plan.ops.push_back(Bind(volume.path(), "/v"));
  plan.ops.back().id_map = false;
  CHECK_OK(RunInContainer(plan, [] {
    RETURN_UNLESS(!OwnedByRoot("/v/theirs"));
    RETURN_UNLESS(WriteError("/v/new") == EACCES);
    return absl::OkStatus();
  }));
}

TEST_CASE("single files, also through a symlink on the host") {
  TempDir root, host;
  REQUIRE_OK(ReplaceFile(host / "file", "content", 0600));
  REQUIRE_OK(Symlink(host / "file", host / "link"));
  REQUIRE_OK(MakeDirectory(root / "etc", 0755));
  MountPlan plan = PlainPlan(root.path());
  plan.ops.push_back(Bind(host / "file", "/etc/a"));
  plan.ops.push_back(Bind(host / "link", "/etc/b"));
  CHECK_OK(RunInContainer(plan, [] {
    SYSBOX_ASSIGN_OR_RETURN(const std::string a, ReadFile("/etc/a"));
    SYSBOX_ASSIGN_OR_RETURN(const std::string b, ReadFile("/etc/b"));
    RETURN_UNLESS(a == "content" && b == "content");
    RETURN_UNLESS(OwnedByRoot("/etc/a"));
    return absl::OkStatus();
  }));
}

TEST_CASE("a read-only volume refuses writes, a submount of it does not") {
  TempDir root, host;
  REQUIRE_OK(MakeDirectories(host / "sub", 0755));
  MountPlan plan = PlainPlan(root.path());
  plan.ops.push_back(Bind(host.path(), "/ro"));
  plan.ops.back().attributes.set = MOUNT_ATTR_RDONLY;
  plan.ops.push_back(Bind(host.path(), "/rro"));
  plan.ops.back().recursive_attributes.set = MOUNT_ATTR_RDONLY;
  CHECK_OK(testing::RunInNamespaces(CLONE_NEWNS, [&] {
    // Something mounted below the source, in this namespace alone.
    SYSBOX_ASSIGN_OR_RETURN(const Fd sub,
                            Open(host / "sub", {.flags = O_PATH}));
    SYSBOX_ASSIGN_OR_RETURN(const DetachedMount tmpfs,
                            NewFilesystem("tmpfs", "t", {}, 0));
    SYSBOX_RETURN_IF_ERROR(AttachMount(tmpfs, sub));
    return RunInContainer(plan, [] {
      RETURN_UNLESS(WriteError("/ro/x") == EROFS);
      RETURN_UNLESS(WriteError("/ro/sub/x") == 0);
      RETURN_UNLESS(OwnedByRoot("/ro/sub/x"));  // id-mapped as well
      RETURN_UNLESS(WriteError("/rro/x") == EROFS);
      RETURN_UNLESS(WriteError("/rro/sub/x") == EROFS);
      return absl::OkStatus();
    });
  }));
}

TEST_CASE("a source below which something cannot be id-mapped still is") {
  TempDir root, host;
  REQUIRE_OK(MakeDirectory(host / "proc", 0755));
  MountPlan plan = PlainPlan(root.path());
  plan.ops.push_back(Bind(host.path(), "/v"));
  CHECK_OK(testing::RunInNamespaces(CLONE_NEWNS, [&] {
    SYSBOX_ASSIGN_OR_RETURN(const Fd sub,
                            Open(host / "proc", {.flags = O_PATH}));
    SYSBOX_ASSIGN_OR_RETURN(const DetachedMount proc,
                            NewFilesystem("proc", "proc", {}, 0));
    SYSBOX_RETURN_IF_ERROR(AttachMount(proc, sub));
    return RunInContainer(plan, [] {
      RETURN_UNLESS(OwnedByRoot("/v"));
      RETURN_UNLESS(Exists("/v/proc/uptime"));
      return absl::OkStatus();
    });
  }));
}

TEST_CASE("a source that cannot be id-mapped is an error where demanded") {
  TempDir root;
  MountPlan plan = PlainPlan(root.path());
  plan.ops.push_back(Bind("/proc/fs", "/v"));
  CHECK_OK(RunInContainer(plan, [] {
    RETURN_UNLESS(!OwnedByRoot("/v"));
    return absl::OkStatus();
  }));
  plan.ops.back().field = "mounts[3]";
  plan.ops.back().id_map_required = true;
  const absl::Status refused =
      RunInContainer(plan, [] { return absl::OkStatus(); });
  CHECK_ERRNO(EINVAL, refused);
  CHECK(MessageOf(refused).starts_with("mounts[3]: mount /proc/fs on /v: "));
}

TEST_CASE("what a container mounts in a shared volume stays inside") {
  TempDir root, host;
  REQUIRE_OK(MakeDirectory(host / "sub", 0755));
  REQUIRE(chmod(host.path().c_str(), 0755) == 0);
  MountPlan plan = PlainPlan(root.path());
  plan.ops.push_back(Bind(host.path(), "/v"));
  plan.ops.back().propagation = {uint64_t{MS_SLAVE} | MS_REC,
                                 uint64_t{MS_SHARED} | MS_REC};
  CHECK_OK(testing::RunInNamespaces(CLONE_NEWNS, [&] {
    SYSBOX_ASSIGN_OR_RETURN(
        const DetachedMount self,
        CloneTree(FdRef::Cwd(), host.path(), /*recursive=*/false));
    SYSBOX_RETURN_IF_ERROR(SetMountAttributes(
        self.fd(), {.set = 0, .clear = 0, .propagation = MS_SHARED}, false));
    SYSBOX_ASSIGN_OR_RETURN(const Fd at, Open(host.path(), {.flags = O_PATH}));
    SYSBOX_RETURN_IF_ERROR(AttachMount(self, at));
    SYSBOX_RETURN_IF_ERROR(RunInContainer(plan, [&]() -> absl::Status {
      SYSBOX_ASSIGN_OR_RETURN(const DetachedMount tmpfs,
                              NewFilesystem("tmpfs", "t", {}, 0));
      SYSBOX_ASSIGN_OR_RETURN(const Fd sub, Open("/v/sub", {.flags = O_PATH}));
      SYSBOX_RETURN_IF_ERROR(AttachMount(tmpfs, sub));
      SYSBOX_RETURN_IF_ERROR(ReplaceFile("/v/sub/inside", "x", 0644));
      // Still mounted here, yet the host's copy does not show it.
      const auto host_view = StatAt(self.fd(), "sub/inside");
      RETURN_UNLESS(ErrnoOf(host_view.status()) == ENOENT);
      return absl::OkStatus();
    }));
    return absl::OkStatus();
  }));
}

TEST_CASE("masked paths are empty, read-only ones read-only, absent skipped") {
  TempDir root;
  REQUIRE_OK(MakeDirectories(root / "secret/dir", 0755));
  REQUIRE_OK(MakeDirectories(root / "secret2", 0755));
  REQUIRE_OK(ReplaceFile(root / "secret/file", "x", 0644));
  REQUIRE_OK(ReplaceFile(root / "file", "x", 0644));
  REQUIRE_OK(MakeDirectories(root / "fixed/sub", 0755));
  MountPlan plan = PlainPlan(root.path());
  AddBaseOps(plan);
  using Kind = MountOp::Kind;
  plan.ops.push_back(Hidden(Kind::kReadonly, "/fixed"));
  plan.ops.push_back(Hidden(Kind::kReadonly, "/proc/fs"));
  for (const char* path : {"/secret", "/secret2", "/file", "/absent",
                           "/file/below", "/proc/timer_list"}) {
    plan.ops.push_back(Hidden(Kind::kMask, path));
  }
  CHECK_OK(RunInContainer(plan, [] {
    for (const char* path : {"/secret", "/secret2"}) {
      SYSBOX_ASSIGN_OR_RETURN(const auto names, ListDirectory(path));
      RETURN_UNLESS(names.empty());
      RETURN_UNLESS(WriteError(std::string(path) + "/x") == EROFS);
    }
    for (const char* path : {"/file", "/proc/timer_list"}) {
      SYSBOX_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
      RETURN_UNLESS(text.empty());
    }
    RETURN_UNLESS(WriteError("/fixed/x") == EROFS);
    RETURN_UNLESS(WriteError("/fixed/sub/x") == EROFS);
    struct statvfs bound;
    RETURN_UNLESS(statvfs("/proc/fs", &bound) == 0);
    RETURN_UNLESS((bound.f_flag & ST_RDONLY) != 0);
    return absl::OkStatus();
  }));
}

TEST_CASE("a read-only rootfs refuses writes, its mounts do not") {
  TempDir root, volume;
  MountPlan plan = PlainPlan(root.path());
  plan.rootfs.readonly = true;
  AddBaseOps(plan);
  plan.ops.push_back(Bind(volume.path(), "/v"));
  CHECK_OK(RunInContainer(plan, [] {
    RETURN_UNLESS(WriteError("/x") == EROFS);
    RETURN_UNLESS(WriteError("/v/x") == 0);
    RETURN_UNLESS(WriteError("/dev/x") == 0);
    return absl::OkStatus();
  }));
}

TEST_CASE("a tmpfs takes the mode of what it covers unless told") {
  TempDir root;
  REQUIRE_OK(MakeDirectory(root / "tmp", 0755));
  REQUIRE(chmod((root / "tmp").c_str(), 01777) == 0);
  REQUIRE_OK(MakeDirectory(root / "told", 0755));
  MountPlan plan = PlainPlan(root.path());
  MountOp op;
  op.kind = MountOp::Kind::kFilesystem;
  op.type = op.source = "tmpfs";
  for (const char* target : {"/tmp", "/told", "/new"}) {
    op.target = target;
    plan.ops.push_back(op);
  }
  plan.ops[1].options = {{"mode", "0700"}};
  CHECK_OK(RunInContainer(plan, [] {
    const auto mode = [](const char* path) {
      const auto found = StatAt(FdRef::Cwd(), path);
      return found.ok() ? found->st_mode & 07777 : 0;
    };
    RETURN_UNLESS(mode("/tmp") == 01777);
    RETURN_UNLESS(mode("/told") == 0700);
    RETURN_UNLESS(mode("/new") == 01777);
    return absl::OkStatus();
  }));
}

TEST_CASE("tmpcopyup brings along what it covers") {
  TempDir root;
  REQUIRE_OK(MakeDirectories(root / "data/sub", 0755));
  REQUIRE_OK(ReplaceFile(root / "data/sub/file", "text", 0640));
  REQUIRE(chown((root / "data/sub/file").c_str(), 7, 8) == 0);
  REQUIRE_OK(Symlink("sub/file", root / "data/link"));
  MountPlan plan = PlainPlan(root.path());
  MountOp op;
  op.kind = MountOp::Kind::kFilesystem;
  op.type = op.source = "tmpfs";
  op.target = "/data";
  op.copy_up = true;
  op.attributes.set = MOUNT_ATTR_RDONLY;
  plan.ops.push_back(op);
  CHECK_OK(RunInContainer(plan, [] {
    SYSBOX_ASSIGN_OR_RETURN(const std::string text, ReadFile("/data/link"));
    RETURN_UNLESS(text == "text");
    SYSBOX_ASSIGN_OR_RETURN(const struct stat file,
                            StatAt(FdRef::Cwd(), "/data/sub/file"));
    RETURN_UNLESS(file.st_uid == 7 && file.st_gid == 8);
    RETURN_UNLESS((file.st_mode & 07777) == 0640);
    RETURN_UNLESS(WriteError("/data/x") == EROFS);
    return absl::OkStatus();
  }));
}

TEST_CASE("an optional source may be absent, another may not") {
  TempDir root;
  MountPlan plan = PlainPlan(root.path());
  plan.ops.push_back(Bind("/no/such/source", "/v"));
  plan.ops.back().optional = true;
  CHECK_OK(RunInContainer(plan, [] {
    RETURN_UNLESS(!Exists("/v"));
    return absl::OkStatus();
  }));
  plan.ops.back().optional = false;
  CHECK_ERRNO(ENOENT, RunInContainer(plan, [] { return absl::OkStatus(); }));
}

TEST_CASE("the rootfs's propagation is as asked") {
  TempDir root;
  MountPlan plan = PlainPlan(root.path());
  plan.rootfs.propagation = uint64_t{MS_SHARED} | MS_REC;
  AddBaseOps(plan);
  CHECK_OK(RunInContainer(plan, [] {
    SYSBOX_ASSIGN_OR_RETURN(const std::string mounts,
                            ReadFile("/proc/self/mountinfo"));
    RETURN_UNLESS(mounts.find(" shared:") != std::string::npos);
    return absl::OkStatus();
  }));
}

TEST_CASE("without pivot_root the rootfs is entered all the same") {
  TempDir root;
  REQUIRE_OK(ReplaceFile(root / "mark", "x", 0644));
  MountPlan plan = PlainPlan(root.path());
  plan.no_pivot = true;
  AddBaseOps(plan);
  CHECK_OK(RunInContainer(plan, [] {
    RETURN_UNLESS(Exists("/mark"));
    RETURN_UNLESS(Exists("/proc/self"));
    return absl::OkStatus();
  }));
}

// Stands in for an emulated filesystem: "/proc/NAME" holds `content`.
DetachedMount FilesystemWith(const std::string& name, const char* content) {
  DetachedMount mount = VALUE_OF(NewFilesystem("tmpfs", "tmpfs", {}, 0));
  REQUIRE_OK(ReplaceFileAt(mount.fd(), name, content, 0666));
  return mount;
}

MountOp Emulated(const char* target, EmulatedFrom from) {
  MountOp op;
  op.kind = MountOp::Kind::kEmulated;
  op.target = target;
  op.emulated_from = from;
  return op;
}

TEST_CASE("emulated files lie over the kernel's, and nowhere else") {
  TempDir root;
  MountPlan plan = PlainPlan(root.path());
  AddBaseOps(plan);
  plan.ops.push_back(Emulated("/proc/uptime", EmulatedFrom::kLive));
  plan.ops.push_back(Emulated("/proc/loadavg", EmulatedFrom::kLive));
  plan.ops.push_back(Emulated("/proc/version", EmulatedFrom::kStatic));
  plan.ops.back().attributes.set = MOUNT_ATTR_RDONLY;
  plan.ops.push_back(Emulated("/proc/no-such-file", EmulatedFrom::kStatic));
  std::vector<DetachedMount> emulated;
  emulated.push_back(FilesystemWith("proc:version", "static"));
  emulated.push_back(FilesystemWith("proc:uptime", "live"));
  REQUIRE_OK(MakeNodeAt(emulated[1].fd(), "proc:loadavg", S_IFREG | 0644, 0));
  const auto inside = [] {
    SYSBOX_ASSIGN_OR_RETURN(const std::string live, ReadFile("/proc/uptime"));
    SYSBOX_ASSIGN_OR_RETURN(const std::string kept, ReadFile("/proc/version"));
    RETURN_UNLESS(live == "live" && kept == "static");
    RETURN_UNLESS(WriteError("/proc/version") == EROFS);
    SYSBOX_ASSIGN_OR_RETURN(const auto mounts, ReadOwnMountInfo());
    size_t tmpfs = 0;
    for (const MountInfo& mount : mounts) {
      const bool ours =
          mount.root == "/proc:uptime" || mount.root == "/proc:version";
      RETURN_UNLESS(mount.mount_point != "/sys" || mount.type == "sysfs");
      if (ours) ++tmpfs;
    }
    RETURN_UNLESS(tmpfs == 2);
    return absl::OkStatus();
  };
  CHECK_OK(RunInContainer(plan, inside, {.emulated = std::move(emulated)}));
}

TEST_CASE("the kernel's own files come back upon an emulated directory") {
  TempDir root;
  MountPlan plan = PlainPlan(root.path());
  AddBaseOps(plan);
  plan.ops.push_back(Emulated("/proc/sys/kernel", EmulatedFrom::kStatic));
  plan.ops.push_back(
      Emulated("/proc/sys/kernel/shmmni", EmulatedFrom::kNative));
  plan.ops.push_back(
      Emulated("/proc/sys/kernel/pid_max", EmulatedFrom::kNativeIfOwned));
  plan.ops.push_back(
      Emulated("/proc/sys/kernel/panic", EmulatedFrom::kNativeIfOwned));
  DetachedMount fake = VALUE_OF(NewFilesystem("tmpfs", "tmpfs", {}, 0));
  const Fd proc =
      VALUE_OF(MakeDirectoriesInRoot(fake.fd(), "/proc:sys:kernel", 0755));
  for (const char* name : {"shmmni", "panic", "pid_max"}) {
    REQUIRE_OK(MakeNodeAt(proc, name, S_IFREG | 0644, 0));
  }
  std::vector<DetachedMount> emulated;
  emulated.push_back(std::move(fake));
  emulated.push_back(FilesystemWith("proc:uptime", "live"));
  const auto inside = [] {
    SYSBOX_ASSIGN_OR_RETURN(const std::string native,
                            ReadFile("/proc/sys/kernel/shmmni"));
    SYSBOX_ASSIGN_OR_RETURN(const std::string ours,
                            ReadFile("/proc/sys/kernel/panic"));
    RETURN_UNLESS(native == "4096\n" && ours.empty());  // panic is nobody's
    return absl::OkStatus();
  };
  CHECK_OK(RunInContainer(plan, inside, {.emulated = std::move(emulated)}));
}

}  // namespace
}  // namespace sysbox::mounts
