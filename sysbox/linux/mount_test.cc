#include "sysbox/linux/mount.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "catch2/catch.hpp"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount_info.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"
#include "sysbox/testing/user_namespace.h"

namespace sysbox {
namespace {

using testing::kHostIdBase;
using testing::MakeUserNamespace;
using testing::RunInNamespaces;
using testing::RunInUserNamespace;
using testing::TempDir;

absl::StatusOr<Fd> OpenPath(const std::string& path) {
  return Open(path, {.flags = O_PATH});
}

TEST_CASE("a filesystem works while attached nowhere") {
  const DetachedMount mount = VALUE_OF(
      NewFilesystem("tmpfs", "tmpfs", {{"size", "1m"}, {"mode", "0711"}},
                    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV));
  CHECK((VALUE_OF(Stat(mount.fd())).st_mode & 07777) == 0711);
  struct statvfs fs;
  REQUIRE(fstatvfs(mount.fd().get(), &fs) == 0);
  CHECK((fs.f_flag & (ST_NOSUID | ST_NODEV)) == (ST_NOSUID | ST_NODEV));
  CHECK(fs.f_blocks * fs.f_frsize == 1 << 20);
  CHECK_OK(MakeDirectoryAt(mount.fd(), "d", 0755));
}

TEST_CASE("a value beyond the kernel's limit is refused by name") {
  const auto mount =
      NewFilesystem("tmpfs", "", {{"size", std::string(256, '1')}}, 0);
  CHECK(MessageOf(mount.status()) ==
        "set size of tmpfs: value of 256 bytes, at most 255: Invalid argument");
  // One byte less reaches the kernel.
  CHECK_THAT(
      std::string(MessageOf(
          NewFilesystem("tmpfs", "", {{"size", std::string(255, 'x')}}, 0)
              .status())),
      Catch::Contains("Bad value for 'size'"));
}

TEST_CASE("errors carry the kernel's own message") {
  CHECK(MessageOf(FilesystemContext::Open("nosuchfs").status()) ==
        "fsopen nosuchfs: No such device");
  const auto unknown = NewFilesystem("tmpfs", "", {{"nonsense", "1"}}, 0);
  CHECK(MessageOf(unknown.status()) ==
        "set nonsense=1 of tmpfs: tmpfs: Unknown parameter 'nonsense': "
        "Invalid argument");
  const auto flag = NewFilesystem("tmpfs", "", {{"nonsense", ""}}, 0);
  CHECK(MessageOf(flag.status()) ==
        "set nonsense of tmpfs: tmpfs: Unknown parameter 'nonsense': "
        "Invalid argument");
}

// Attaches a filesystem, a clone of it, and moves through the attributes.
absl::Status AttachAndChange(const std::string& base) {
  SYSBOX_RETURN_IF_ERROR(MakeDirectory(base + "/a", 0755));
  SYSBOX_RETURN_IF_ERROR(MakeDirectory(base + "/b", 0755));
  SYSBOX_ASSIGN_OR_RETURN(DetachedMount tmpfs,
                          NewFilesystem("tmpfs", "ours", {}, 0));
  SYSBOX_ASSIGN_OR_RETURN(const Fd a, OpenPath(base + "/a"));
  SYSBOX_RETURN_IF_ERROR(AttachMount(tmpfs, a));
  SYSBOX_ASSIGN_OR_RETURN(const MountInfo info, MountOf(tmpfs.fd()));
  RETURN_UNLESS(info.mount_point == base + "/a" && info.source == "ours");
  SYSBOX_RETURN_IF_ERROR(ReplaceFile(base + "/a/file", "x", 0644));

  SYSBOX_ASSIGN_OR_RETURN(DetachedMount clone,
                          CloneTree(FdRef::Cwd(), base + "/a", false));
  SYSBOX_RETURN_IF_ERROR(
      SetMountAttributes(clone.fd(), {.set = MOUNT_ATTR_RDONLY}, false));
  SYSBOX_ASSIGN_OR_RETURN(const Fd b, OpenPath(base + "/b"));
  SYSBOX_RETURN_IF_ERROR(AttachMount(clone, b));
  RETURN_UNLESS(ErrnoOf(WriteExisting(base + "/b/file", "y")) == EROFS);
  SYSBOX_RETURN_IF_ERROR(
      SetMountAttributes(clone.fd(), {.clear = MOUNT_ATTR_RDONLY}, false));
  SYSBOX_RETURN_IF_ERROR(WriteExisting(base + "/b/file", "y"));
  SYSBOX_RETURN_IF_ERROR(WriteExisting(base + "/a/file", "z"));

  SYSBOX_RETURN_IF_ERROR(UnmountDetached(base + "/b"));
  RETURN_UNLESS(!Exists(base + "/b/file"));
  RETURN_UNLESS(ErrnoOf(UnmountDetached(base + "/b")) == EINVAL);
  return absl::OkStatus();
}

TEST_CASE("mounts are attached, changed and taken away") {
  const TempDir dir;
  CHECK_OK(RunInNamespaces(CLONE_NEWNS,
                           [&] { return AttachAndChange(dir.path()); }));
}

TEST_CASE("the same works for root of a user namespace on its own mounts") {
  CHECK_OK(RunInUserNamespace(CLONE_NEWNS, [] {
    SYSBOX_ASSIGN_OR_RETURN(DetachedMount tmpfs,
                            NewFilesystem("tmpfs", "base", {}, 0));
    SYSBOX_ASSIGN_OR_RETURN(const Fd mnt, OpenPath("/tmp"));
    SYSBOX_RETURN_IF_ERROR(AttachMount(tmpfs, mnt));
    return AttachAndChange("/tmp");
  }));
}

absl::Status CloneBoth(const std::string& base) {
  SYSBOX_RETURN_IF_ERROR(MakeDirectories(base + "/tree/sub", 0755));
  SYSBOX_ASSIGN_OR_RETURN(DetachedMount inner,
                          NewFilesystem("tmpfs", "inner", {}, 0));
  SYSBOX_RETURN_IF_ERROR(MakeDirectoryAt(inner.fd(), "inside", 0755));
  SYSBOX_ASSIGN_OR_RETURN(const Fd sub, OpenPath(base + "/tree/sub"));
  SYSBOX_RETURN_IF_ERROR(AttachMount(inner, sub));
  SYSBOX_ASSIGN_OR_RETURN(const Fd tree, OpenPath(base + "/tree"));
  for (const bool recursive : {false, true}) {
    SYSBOX_ASSIGN_OR_RETURN(const DetachedMount clone,
                            CloneTree(tree, "", recursive));
    const bool found = StatAt(clone.fd(), "sub/inside").ok();
    RETURN_UNLESS(found == recursive);
  }
  return absl::OkStatus();
}

TEST_CASE("a clone has the mounts below only if recursive") {
  const TempDir dir;
  CHECK_OK(RunInNamespaces(CLONE_NEWNS, [&] { return CloneBoth(dir.path()); }));
}

TEST_CASE("a file can be cloned and attached onto a file") {
  const TempDir dir;
  REQUIRE_OK(ReplaceFile(dir / "source", "content", 0644));
  REQUIRE_OK(ReplaceFile(dir / "target", "", 0644));
  CHECK_OK(RunInNamespaces(CLONE_NEWNS, [&]() -> absl::Status {
    SYSBOX_ASSIGN_OR_RETURN(const DetachedMount clone,
                            CloneTree(FdRef::Cwd(), dir / "source", false));
    SYSBOX_ASSIGN_OR_RETURN(const Fd target, OpenPath(dir / "target"));
    SYSBOX_RETURN_IF_ERROR(AttachMount(clone, target));
    SYSBOX_ASSIGN_OR_RETURN(const std::string text, ReadFile(dir / "target"));
    RETURN_UNLESS(text == "content");
    return absl::OkStatus();
  }));
}

TEST_CASE("a directory cannot be attached onto a file") {
  const TempDir dir;
  REQUIRE_OK(ReplaceFile(dir / "file", "", 0644));
  const DetachedMount mount = VALUE_OF(NewFilesystem("tmpfs", "", {}, 0));
  const Fd file = VALUE_OF(OpenPath(dir / "file"));
  CHECK_ERRNO(EINVAL, AttachMount(mount, file));
}

TEST_CASE("an id-mapped mount shows the disk's ids shifted") {
  const TempDir dir;
  REQUIRE_OK(ReplaceFile(dir / "file", "", 0644));
  const Fd user_namespace = VALUE_OF(MakeUserNamespace());
  const DetachedMount clone =
      VALUE_OF(CloneTree(FdRef::Cwd(), dir.path(), false));
  REQUIRE_OK(IdMapMount(clone.fd(), user_namespace, false));
  CHECK(VALUE_OF(StatAt(clone.fd(), "file")).st_uid == kHostIdBase);
  CHECK(VALUE_OF(StatAt(FdRef::Cwd(), dir / "file")).st_uid == 0);
  // A second time is refused, and says so.
  const absl::Status again = IdMapMount(clone.fd(), user_namespace, false);
  CHECK(ErrnoOf(again) == EPERM);
  CHECK_THAT(std::string(MessageOf(again)),
             Catch::Contains("already id-mapped"));
}

TEST_CASE("a filesystem that cannot be id-mapped is an annotated EINVAL") {
  const Fd user_namespace = VALUE_OF(MakeUserNamespace());
  const DetachedMount clone = VALUE_OF(CloneTree(FdRef::Cwd(), "/proc", false));
  const absl::Status status = IdMapMount(clone.fd(), user_namespace, false);
  CHECK(ErrnoOf(status) == EINVAL);
  CHECK(MessageOf(status) ==
        "id-map mount of filesystem 0x9fa0 (the filesystem cannot be "
        "id-mapped, or the mount is attached): mount_setattr: Invalid "
        "argument");
}

TEST_CASE("an overlay takes its layers as descriptors or as proc paths") {
  const TempDir dir;
  REQUIRE_OK(MakeDirectories(dir / "lower/from_lower", 0755));
  REQUIRE_OK(MakeDirectories(dir / "upper", 0755));
  REQUIRE_OK(MakeDirectories(dir / "work", 0755));
  FilesystemContext context = VALUE_OF(FilesystemContext::Open("overlay"));
  const Fd lower = VALUE_OF(OpenPath(dir / "lower"));
  const Fd upper = VALUE_OF(OpenPath(dir / "upper"));
  REQUIRE_OK(context.SetString("lowerdir", ProcPath(lower)));
  REQUIRE_OK(context.SetString("upperdir", ProcPath(upper)));
  REQUIRE_OK(context.SetString("workdir", dir / "work"));
  REQUIRE_OK(context.SetFlag("userxattr"));
  if (const absl::Status status = context.Create(); !status.ok()) {
    // An overlay cannot be an overlay's upper layer.
    WARN("no overlay here: " << status.ToString());
    return;
  }
  const DetachedMount overlay = VALUE_OF(context.Mount(0));
  CHECK_OK(StatAt(overlay.fd(), "from_lower"));
  CHECK_OK(MakeDirectoryAt(overlay.fd(), "made", 0755));
  CHECK(Exists(dir / "upper/made"));
}

absl::Status CheckNewRoot(absl::Status (*change_root)(FdRef)) {
  SYSBOX_ASSIGN_OR_RETURN(const DetachedMount root,
                          NewFilesystem("tmpfs", "new-root", {}, 0));
  SYSBOX_RETURN_IF_ERROR(MakeDirectoryAt(root.fd(), "proc", 0755));
  SYSBOX_ASSIGN_OR_RETURN(const Fd target, OpenPath("/tmp"));
  SYSBOX_RETURN_IF_ERROR(AttachMount(root, target));
  SYSBOX_RETURN_IF_ERROR(change_root(root.fd()));
  char cwd[64];
  RETURN_UNLESS(getcwd(cwd, sizeof cwd) != nullptr && cwd == std::string("/"));
  SYSBOX_ASSIGN_OR_RETURN(const auto names, ListDirectory("/"));
  RETURN_UNLESS(names == std::vector<std::string>{"proc"});
  SYSBOX_ASSIGN_OR_RETURN(const DetachedMount proc,
                          NewFilesystem("proc", "proc", {}, 0));
  SYSBOX_ASSIGN_OR_RETURN(const Fd point, OpenPath("/proc"));
  return AttachMount(proc, point);
}

TEST_CASE("after the pivot the old root is gone") {
  CHECK_OK(RunInNamespaces(CLONE_NEWNS | CLONE_NEWPID, []() -> absl::Status {
    SYSBOX_RETURN_IF_ERROR(CheckNewRoot(PivotRoot));
    SYSBOX_ASSIGN_OR_RETURN(const auto mounts, ReadOwnMountInfo());
    RETURN_UNLESS(mounts.size() == 2);
    RETURN_UNLESS(mounts.front().source == "new-root");
    return absl::OkStatus();
  }));
}

TEST_CASE("a root that cannot be pivoted from is covered and left") {
  CHECK_OK(RunInNamespaces(CLONE_NEWNS | CLONE_NEWPID,
                           [] { return CheckNewRoot(MoveRoot); }));
}

TEST_CASE("only a mount point can become the root") {
  CHECK_OK(RunInNamespaces(CLONE_NEWNS, []() -> absl::Status {
    SYSBOX_ASSIGN_OR_RETURN(const Fd etc, OpenPath("/etc"));
    const absl::Status status = PivotRoot(etc);
    RETURN_UNLESS(MessageOf(status) == "pivot_root: Device or resource busy");
    return absl::OkStatus();
  }));
}

}  // namespace
}  // namespace sysbox
