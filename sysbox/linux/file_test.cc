#include "sysbox/linux/file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <string>

#include "catch2/catch.hpp"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox {
namespace {

using testing::TempDir;

mode_t ModeOf(const std::string& path) {
  return VALUE_OF(StatAt(FdRef::Cwd(), path, AT_SYMLINK_NOFOLLOW)).st_mode &
         07777;
}

std::vector<std::string> Sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  return names;
}

TEST_CASE("open errors name the call, the path and the kernel's reason") {
  const auto fd = Open("/nowhere/file", {.flags = O_RDONLY});
  REQUIRE_FALSE(fd.ok());
  CHECK(MessageOf(fd.status()) ==
        "open /nowhere/file: No such file or directory");
  CHECK(ErrnoOf(fd.status()) == ENOENT);
}

TEST_CASE("the kernel's files are read whole") {
  for (const char* path :
       {"/proc/self/limits", "/proc/filesystems", "/proc/kallsyms"}) {
    const Fd file = VALUE_OF(Open(path, {.flags = O_RDONLY}));
    CHECK(VALUE_OF(ReadKernelFile(file)) == VALUE_OF(ReadFile(path)));
  }
}

TEST_CASE("descriptors are opened close-on-exec") {
  const Fd fd = VALUE_OF(Open("/", {.flags = O_RDONLY | O_DIRECTORY}));
  CHECK((fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
  const Fd proc = VALUE_OF(OpenAt(fd, "proc", {.flags = O_PATH}));
  CHECK((fcntl(proc.get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("openat2 obeys its resolve flags") {
  const TempDir dir;
  const Fd root = VALUE_OF(Open(dir.path(), {.flags = O_PATH}));
  REQUIRE_OK(Symlink("/etc/passwd", dir / "link"));
  CHECK_ERRNO(EXDEV,
              OpenAt2(root, "link", {.flags = O_RDONLY}, RESOLVE_BENEATH));
  CHECK_ERRNO(ELOOP,
              OpenAt2(root, "link", {.flags = O_RDONLY}, RESOLVE_NO_SYMLINKS));
  // openat2 refuses a mode without O_CREAT; callers need not care.
  REQUIRE_OK(ReplaceFile(dir / "f", "", 0644));
  CHECK_OK(
      OpenAt2(root, "f", {.flags = O_RDONLY, .mode = 0644}, RESOLVE_BENEATH));
  CHECK_OK(OpenAt2(root, "g", {.flags = O_RDWR | O_CREAT, .mode = 0600},
                   RESOLVE_BENEATH));
}

TEST_CASE("who renames without end keeps nobody from opening a path") {
  const TempDir dir;
  const std::string root = dir.path();
  REQUIRE(mkdir((root + "/a").c_str(), 0700) == 0);
  REQUIRE(mkdir((root + "/b").c_str(), 0700) == 0);
  const pid_t renamer = fork();
  if (renamer == 0) {
    const std::string one = root + "/b/one";
    const std::string other = root + "/b/other";
    (void)mkdir(one.c_str(), 0700);
    for (;;) {
      (void)rename(one.c_str(), other.c_str());
      (void)rename(other.c_str(), one.c_str());
    }
  }
  REQUIRE(renamer > 0);
  const Fd base = VALUE_OF(Open(root, {.flags = O_PATH | O_DIRECTORY}));
  absl::Status opened;
  for (int i = 0; i < 20000 && opened.ok(); ++i) {
    opened =
        OpenAt2(base, "a/../a/../a/../a", {.flags = O_PATH}, RESOLVE_BENEATH)
            .status();
  }
  kill(renamer, SIGKILL);
  waitpid(renamer, nullptr, 0);
  CHECK_OK(opened);
}

TEST_CASE("a file is read whole up to the limit and refused beyond") {
  const TempDir dir;
  const std::string path = dir / "file";
  for (const size_t size : {0, 1, 4095, 4096, 4097, 100000}) {
    const std::string content(size, 'x');
    REQUIRE_OK(ReplaceFile(path, content, 0644));
    CHECK(VALUE_OF(ReadFile(path)) == content);
    CHECK(VALUE_OF(ReadFile(path, size)) == content);
    if (size > 0) CHECK_ERRNO(EFBIG, ReadFile(path, size - 1));
  }
  CHECK_FALSE(VALUE_OF(ReadFile("/proc/self/status")).empty());
  CHECK_ERRNO(EISDIR, ReadFile(dir.path()));
}

TEST_CASE("a limit of everything is no limit") {
  CHECK_FALSE(VALUE_OF(ReadFile("/proc/self/status", SIZE_MAX)).empty());
}

TEST_CASE("reading and writing some takes what one call takes") {
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
  const Fd out(ends[0]);
  Fd in(ends[1]);
  CHECK_ERRNO(EAGAIN, ReadSome(out, 10));
  CHECK(VALUE_OF(WriteSome(in, "abcdef")) == 6);
  CHECK(VALUE_OF(ReadSome(out, 4)) == "abcd");
  CHECK(VALUE_OF(ReadSome(out, 4)) == "ef");
  const std::string much(1 << 20, 'x');
  CHECK(VALUE_OF(WriteSome(in, much)) < much.size());
  CHECK_ERRNO(EAGAIN, WriteSome(in, much));
  in.Reset();
  CHECK(VALUE_OF(ReadAll(out)).size() < much.size());
  CHECK(VALUE_OF(ReadSome(out, 4)).empty());
}

TEST_CASE("replacing a file is complete, exact in mode and leaves no trace") {
  const TempDir dir;
  const mode_t umask_before = umask(077);
  REQUIRE_OK(ReplaceFile(dir / "state", "one", 0644));
  umask(umask_before);
  CHECK(ModeOf(dir / "state") == 0644);
  const Fd at = VALUE_OF(Open(dir.path(), {.flags = O_PATH}));
  REQUIRE_OK(ReplaceFileAt(at, "state", "two", 0600));
  CHECK(VALUE_OF(ReadFile(dir / "state")) == "two");
  CHECK(ModeOf(dir / "state") == 0600);

  // A directory in the way: the temporary file is taken back.
  REQUIRE_OK(MakeDirectory(dir / "d", 0755));
  CHECK_ERRNO(EISDIR, ReplaceFile(dir / "d", "x", 0644));
  CHECK(Sorted(VALUE_OF(ListDirectory(dir.path()))) ==
        std::vector<std::string>{"d", "state"});
}

TEST_CASE("replacing a symlink replaces the link, not its target") {
  const TempDir dir;
  REQUIRE_OK(ReplaceFile(dir / "target", "kept", 0644));
  REQUIRE_OK(Symlink("target", dir / "link"));
  REQUIRE_OK(ReplaceFile(dir / "link", "new", 0644));
  CHECK(VALUE_OF(ReadFile(dir / "target")) == "kept");
  CHECK(VALUE_OF(ReadFile(dir / "link")) == "new");
}

TEST_CASE("writing an existing file neither creates nor truncates") {
  const TempDir dir;
  CHECK_ERRNO(ENOENT, WriteExisting(dir / "absent", "x"));
  REQUIRE_OK(ReplaceFile(dir / "file", "abc", 0644));
  REQUIRE_OK(WriteExisting(dir / "file", "X"));
  CHECK(VALUE_OF(ReadFile(dir / "file")) == "Xbc");
  CHECK_ERRNO(ENOSPC, WriteExisting("/dev/full", "x"));
}

TEST_CASE("missing parents are made, existing directories keep their mode") {
  const TempDir dir;
  REQUIRE_OK(MakeDirectory(dir / "a", 0700));
  REQUIRE_OK(MakeDirectories(dir / "a/b/c//d/", 0755));
  CHECK(ModeOf(dir / "a") == 0700);
  CHECK(ModeOf(dir / "a/b/c/d") == 0755);
  CHECK_OK(MakeDirectories(dir / "a/b", 0700));
  CHECK_OK(MakeDirectories("/", 0700));
  REQUIRE_OK(Symlink("a/b", dir / "link"));
  CHECK_OK(MakeDirectories(dir / "link", 0700));
  REQUIRE_OK(ReplaceFile(dir / "file", "", 0644));
  CHECK_ERRNO(ENOTDIR, MakeDirectories(dir / "file", 0755));
  CHECK_ERRNO(ENOTDIR, MakeDirectories(dir / "file/x", 0755));
}

TEST_CASE("links, nodes, owners and modes") {
  const TempDir dir;
  const Fd at = VALUE_OF(Open(dir.path(), {.flags = O_PATH}));
  REQUIRE_OK(SymlinkAt("to/nowhere", at, "link"));
  CHECK(VALUE_OF(ReadLinkAt(at, "link")) == "to/nowhere");
  CHECK_ERRNO(EINVAL, ReadLink(dir.path()));

  REQUIRE_OK(MakeNodeAt(at, "null", S_IFCHR | 0600, makedev(1, 3)));
  REQUIRE_OK(ChangeModeAt(at, "null", 0622));
  REQUIRE_OK(ChangeOwnerAt(at, "null", 7, 8));
  const struct stat null = VALUE_OF(StatAt(at, "null"));
  CHECK(S_ISCHR(null.st_mode));
  CHECK((null.st_mode & 07777) == 0622);
  CHECK(null.st_rdev == makedev(1, 3));
  CHECK(null.st_uid == 7);
  CHECK(null.st_gid == 8);

  const Fd path_only = VALUE_OF(OpenAt(at, "null", {.flags = O_PATH}));
  REQUIRE_OK(ChangeOwner(path_only, 9, 10));
  CHECK(VALUE_OF(Stat(path_only)).st_uid == 9);

  REQUIRE_OK(Rename(dir / "null", dir / "zero"));
  CHECK_FALSE(Exists(dir / "null"));
  CHECK(Exists(dir / "zero"));
  CHECK_FALSE(Exists(dir / "link"));  // dangling
  REQUIRE_OK(UnlinkAt(at, "zero", 0));
  REQUIRE_OK(Unlink(dir / "link"));
  CHECK_ERRNO(ENOENT, Unlink(dir / "link"));
  CHECK_ERRNO(ENOENT, RemoveDirectory(dir / "d"));
}

TEST_CASE("directories list through O_PATH descriptors") {
  const TempDir dir;
  REQUIRE_OK(ReplaceFile(dir / "b", "", 0644));
  REQUIRE_OK(MakeDirectory(dir / ".a", 0755));
  const Fd at = VALUE_OF(Open(dir.path(), {.flags = O_PATH}));
  CHECK(Sorted(VALUE_OF(ListDirectory(at))) ==
        std::vector<std::string>{".a", "b"});
  CHECK_ERRNO(ENOTDIR, ListDirectory(dir / "b"));
}

TEST_CASE("a filesystem is known by its magic") {
  const Fd proc = VALUE_OF(Open("/proc", {.flags = O_PATH}));
  CHECK(VALUE_OF(FilesystemMagic(proc)) == PROC_SUPER_MAGIC);
  CHECK(VALUE_OF(KnownMode(proc)) == VALUE_OF(Stat(proc)).st_mode);
}

TEST_CASE("the real path has no symlinks") {
  const TempDir dir;
  REQUIRE_OK(MakeDirectory(dir / "d", 0755));
  REQUIRE_OK(Symlink("d", dir / "link"));
  const std::string real = VALUE_OF(RealPath(dir.path()));
  CHECK(VALUE_OF(RealPath(dir / "link/../link/.")) == real + "/d");
  CHECK_ERRNO(ENOENT, RealPath(dir / "absent"));
}

TEST_CASE("a locked file cannot be locked again until the lock is dropped") {
  const TempDir dir;
  Fd lock = VALUE_OF(LockFile(dir / "lock", 0600));
  const Fd other = VALUE_OF(Open(dir / "lock", {.flags = O_RDWR}));
  CHECK(flock(other.get(), LOCK_EX | LOCK_NB) != 0);
  CHECK_ERRNO(EWOULDBLOCK, TryLockFile(dir / "lock", 0600));
  lock.Reset();
  CHECK(flock(other.get(), LOCK_EX | LOCK_NB) == 0);
}

TEST_CASE("a memory file is readable and can no longer change") {
  const Fd fd = VALUE_OF(MakeMemoryFile("test", "content"));
  CHECK(VALUE_OF(ReadAll(fd)) == "content");
  CHECK_ERRNO(EPERM, WriteAll(fd, "x"));
  CHECK(ftruncate(fd.get(), 0) != 0);
  CHECK((VALUE_OF(Stat(fd)).st_mode & 0111) == 0);
}

}  // namespace
}  // namespace sysbox
