#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "absl/status/status.h"
#include "catch2/catch.hpp"
#include "fmt/format.h"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"
#include "sysbox/testing/user_namespace.h"

namespace sysbox {
namespace {

using testing::RunInNamespaces;
using testing::TempDir;

TEST_CASE("a tree goes with all kinds of entries in it") {
  const TempDir dir;
  const std::string tree = dir / "tree";
  REQUIRE_OK(MakeDirectories(tree + "/a/b/c", 0755));
  REQUIRE_OK(MakeDirectory(tree + "/unreadable", 0));
  REQUIRE_OK(ReplaceFile(tree + "/a/file", "x", 0400));
  REQUIRE_OK(MakeNodeAt(FdRef::Cwd(), tree + "/fifo", S_IFIFO | 0600, 0));
  REQUIRE_OK(RemoveTree(tree + "//"));
  CHECK_FALSE(Exists(tree));
}

TEST_CASE("removing what is absent succeeds, what names no entry does not") {
  const TempDir dir;
  CHECK_OK(RemoveTree(dir / "absent"));
  CHECK_OK(RemoveTree(dir / "absent/below"));
  CHECK_FALSE(RemoveTree("/").ok());
  CHECK_FALSE(RemoveTree("").ok());
  CHECK_FALSE(RemoveTree(dir / "..").ok());
}

TEST_CASE("symlinks are removed, not followed") {
  const TempDir dir;
  REQUIRE_OK(MakeDirectories(dir / "kept/d", 0755));
  REQUIRE_OK(MakeDirectory(dir / "tree", 0755));
  REQUIRE_OK(Symlink("../kept", dir / "tree/link"));
  REQUIRE_OK(RemoveTree(dir / "tree"));
  CHECK(Exists(dir / "kept/d"));

  REQUIRE_OK(Symlink("kept", dir / "link"));
  REQUIRE_OK(RemoveTree(dir / "link"));
  CHECK(Exists(dir / "kept/d"));
}

TEST_CASE("a tree deeper than the descriptor limit goes") {
  const TempDir dir;
  REQUIRE_OK(MakeDirectory(dir / "tree", 0755));
  Fd at = VALUE_OF(Open(dir / "tree", {.flags = O_PATH}));
  for (int depth = 0; depth < 1000; ++depth) {
    REQUIRE_OK(MakeDirectoryAt(at, "d", 0755));
    at = VALUE_OF(OpenAt(at, "d", {.flags = O_PATH}));
  }
  at.Reset();
  rlimit limit;
  REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const rlimit few = {.rlim_cur = 128, .rlim_max = limit.rlim_max};
  REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
  const absl::Status status = RemoveTree(dir / "tree");
  REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  REQUIRE_OK(status);
  CHECK_FALSE(Exists(dir / "tree"));
}

TEST_CASE("a wide directory goes") {
  const TempDir dir;
  REQUIRE_OK(MakeDirectory(dir / "tree", 0755));
  const Fd at = VALUE_OF(Open(dir / "tree", {.flags = O_PATH}));
  for (int i = 0; i < 1500; ++i) {
    REQUIRE_OK(MakeNodeAt(at, fmt::format("{}", i), S_IFREG | 0600, 0));
  }
  REQUIRE_OK(RemoveTree(dir / "tree"));
  CHECK_FALSE(Exists(dir / "tree"));
}

absl::Status TryToRemoveMounts(const TempDir& dir, const std::string& point) {
  if (mount("tmpfs", point.c_str(), "tmpfs", 0, nullptr) != 0) {
    return ErrnoStatus(errno, "mount");
  }
  SYSBOX_RETURN_IF_ERROR(ReplaceFile(point + "/kept", "", 0644));
  RETURN_UNLESS(ErrnoOf(RemoveTree(dir / "tree")) == EBUSY);
  RETURN_UNLESS(ErrnoOf(RemoveTree(point)) == EBUSY);
  RETURN_UNLESS(Exists(point + "/kept"));
  return absl::OkStatus();
}

TEST_CASE("another filesystem below the tree is not entered") {
  const TempDir dir;
  REQUIRE_OK(MakeDirectories(dir / "tree/mnt", 0755));
  CHECK_OK(RunInNamespaces(
      CLONE_NEWNS, [&] { return TryToRemoveMounts(dir, dir / "tree/mnt"); }));
}

absl::Status TryToRemoveBind(const TempDir& dir) {
  // Same filesystem: a device number would not tell.
  const std::string source = dir / "kept", point = dir / "tree/mnt";
  if (mount(source.c_str(), point.c_str(), "", MS_BIND, nullptr) != 0) {
    return ErrnoStatus(errno, "mount");
  }
  RETURN_UNLESS(ErrnoOf(RemoveTree(dir / "tree")) == EBUSY);
  return absl::OkStatus();
}

TEST_CASE("a bind mount of the same filesystem is not entered") {
  const TempDir dir;
  REQUIRE_OK(MakeDirectories(dir / "tree/mnt", 0755));
  REQUIRE_OK(MakeDirectories(dir / "kept/d", 0755));
  CHECK_OK(RunInNamespaces(CLONE_NEWNS, [&] { return TryToRemoveBind(dir); }));
  CHECK(Exists(dir / "kept/d"));
}

}  // namespace
}  // namespace sysbox
