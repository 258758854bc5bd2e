#include "sysbox/linux/rooted_path.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <string>
#include <thread>

#include "catch2/catch.hpp"
#include "fmt/format.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox {
namespace {

using testing::TempDir;

// A root with a neighbour that must stay untouched.
class Rooted {
 public:
  Rooted() {
    REQUIRE_OK(MakeDirectory(root_path(), 0755));
    REQUIRE_OK(MakeDirectory(outside(), 0755));
    fd_ = VALUE_OF(Open(root_path(), {.flags = O_PATH | O_DIRECTORY}));
  }
  FdRef fd() const { return fd_; }
  std::string root_path() const { return dir_ / "root"; }
  std::string outside() const { return dir_ / "outside"; }
  std::string operator/(std::string_view name) const {
    return root_path() + "/" + std::string(name);
  }
  bool OutsideUntouched() const {
    return VALUE_OF(ListDirectory(outside())).empty() &&
           VALUE_OF(ListDirectory(dir_.path())).size() == 2;
  }

 private:
  TempDir dir_;
  Fd fd_;
};

bool IsDirectory(const std::string& path) {
  const auto found = StatAt(FdRef::Cwd(), path);
  return found.ok() && S_ISDIR(found->st_mode);
}
bool IsFile(const std::string& path) {
  const auto found = StatAt(FdRef::Cwd(), path);
  return found.ok() && S_ISREG(found->st_mode);
}
bool SameFile(FdRef fd, const std::string& path) {
  const struct stat a = VALUE_OF(Stat(fd));
  const struct stat b = VALUE_OF(StatAt(FdRef::Cwd(), path));
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

TEST_CASE("absolute paths, symlinks and .. stay inside the root") {
  const Rooted root;
  REQUIRE_OK(MakeDirectories(root / "etc/d", 0755));
  REQUIRE_OK(ReplaceFile(root / "etc/passwd", "inside", 0644));
  REQUIRE_OK(Symlink("/etc/passwd", root / "absolute"));
  REQUIRE_OK(Symlink("../../../../etc/passwd", root / "etc/d/relative"));
  for (const char* path : {"/etc/passwd", "etc/passwd", "/../../etc/passwd",
                           "/absolute", "/etc/d/relative", "etc/d/../passwd"}) {
    INFO(path);
    const Fd fd = VALUE_OF(OpenInRoot(root.fd(), path, {.flags = O_RDONLY}));
    CHECK(VALUE_OF(ReadAll(fd)) == "inside");
  }
  CHECK(SameFile(VALUE_OF(OpenInRoot(root.fd(), "", {.flags = O_PATH})),
                 root.root_path()));
  CHECK(SameFile(VALUE_OF(OpenInRoot(root.fd(), "/..", {.flags = O_PATH})),
                 root.root_path()));
}

TEST_CASE("magic links are refused") {
  const Fd host = VALUE_OF(Open("/", {.flags = O_PATH}));
  CHECK_ERRNO(ELOOP,
              OpenInRoot(host, "/proc/self/root/etc", {.flags = O_PATH}));
  CHECK_ERRNO(ELOOP, MakeDirectoriesInRoot(host, "/proc/self/cwd/x", 0755));
}

// Descriptors that the maker itself opens on the way must not be found.
TEST_CASE("magic links are not taken for symlinks") {
  const Fd root = VALUE_OF(Open("/", {.flags = O_PATH | O_DIRECTORY}));
  for (int number = 3; number < 40; ++number) {
    const std::string path = fmt::format("/proc/self/fd/{}", number);
    CHECK_FALSE(MakeDirectoriesInRoot(root, path, 0755).ok());
    CHECK_FALSE(MakeDirectoriesInRoot(root, path + "/x", 0755).ok());
  }
}

TEST_CASE("a NUL byte does not cut a path short") {
  const Rooted root;
  const std::string path("a\0b", 3);
  CHECK_ERRNO(EINVAL, OpenInRoot(root.fd(), path, {.flags = O_PATH}));
  CHECK_ERRNO(EINVAL, MakeDirectoriesInRoot(root.fd(), path, 0755));
  CHECK_ERRNO(EINVAL, MakeFileInRoot(root.fd(), path, 0644));
  CHECK(VALUE_OF(ListDirectory(root.fd())).empty());
}

TEST_CASE("missing directories are made, existing ones kept") {
  const Rooted root;
  REQUIRE_OK(MakeDirectory(root / "a", 0700));
  const Fd made =
      VALUE_OF(MakeDirectoriesInRoot(root.fd(), "/a/./b//c/", 0711));
  CHECK(SameFile(made, root / "a/b/c"));
  CHECK((VALUE_OF(Stat(made)).st_mode & 07777) == 0711);
  CHECK((VALUE_OF(StatAt(root.fd(), "a")).st_mode & 07777) == 0700);
  const Fd again = VALUE_OF(MakeDirectoriesInRoot(root.fd(), "a/b/c", 0755));
  CHECK(SameFile(again, root / "a/b/c"));
  CHECK(SameFile(VALUE_OF(MakeDirectoriesInRoot(root.fd(), "/", 0755)),
                 root.root_path()));
}

TEST_CASE("dot-dot while making directories stops at the root") {
  const Rooted root;
  const Fd made = VALUE_OF(
      MakeDirectoriesInRoot(root.fd(), "../x/../../../y/z/../w", 0755));
  CHECK(SameFile(made, root / "y/w"));
  CHECK(IsDirectory(root / "x"));  // it was on the way
  CHECK(IsDirectory(root / "y/z"));
  const Fd top = VALUE_OF(MakeDirectoriesInRoot(root.fd(), "new/..", 0755));
  CHECK(SameFile(top, root.root_path()));
  CHECK(root.OutsideUntouched());
}

TEST_CASE("symlinks on the way are followed inside the root") {
  const Rooted root;
  REQUIRE_OK(MakeDirectories(root / "real/deep", 0755));
  REQUIRE_OK(Symlink("/real", root / "absolute"));
  REQUIRE_OK(Symlink("../../../../outside", root / "real/escape"));
  CHECK(
      SameFile(VALUE_OF(MakeDirectoriesInRoot(root.fd(), "absolute/new", 0755)),
               root / "real/new"));
  // No such thing inside: made there, and the one outside is left alone.
  CHECK(SameFile(
      VALUE_OF(MakeDirectoriesInRoot(root.fd(), "real/escape/in", 0755)),
      root / "outside/in"));
  CHECK(root.OutsideUntouched());
}

TEST_CASE("what a dangling symlink names is made inside the root") {
  const Rooted root;
  REQUIRE_OK(MakeDirectory(root / "var", 0755));
  REQUIRE_OK(Symlink("/run", root / "var/run"));
  CHECK(SameFile(
      VALUE_OF(MakeDirectoriesInRoot(root.fd(), "/var/run/secrets", 0755)),
      root / "run/secrets"));
  REQUIRE_OK(Symlink("../../run/resolv.conf", root / "var/resolv.conf"));
  CHECK(SameFile(VALUE_OF(MakeFileInRoot(root.fd(), "/var/resolv.conf", 0644)),
                 root / "run/resolv.conf"));
  CHECK(root.OutsideUntouched());
}

TEST_CASE("symlink loops end in ELOOP") {
  const Rooted root;
  REQUIRE_OK(Symlink("b", root / "a"));
  REQUIRE_OK(Symlink("a", root / "b"));
  CHECK_ERRNO(ELOOP, MakeDirectoriesInRoot(root.fd(), "a/x", 0755));
  CHECK_ERRNO(ELOOP, MakeFileInRoot(root.fd(), "a", 0644));
  // Grows with every step, and loops only through what is being made.
  REQUIRE_OK(Symlink("missing/../c/x", root / "c"));
  CHECK_ERRNO(ELOOP, MakeDirectoriesInRoot(root.fd(), "c", 0755));
}

TEST_CASE("files are made with their parents, existing ones kept") {
  const Rooted root;
  const Fd made = VALUE_OF(MakeFileInRoot(root.fd(), "/etc/x/hosts", 0640));
  CHECK(SameFile(made, root / "etc/x/hosts"));
  CHECK(IsFile(root / "etc/x/hosts"));
  CHECK((VALUE_OF(Stat(made)).st_mode & 07777) == 0640);
  REQUIRE_OK(WriteExisting(root / "etc/x/hosts", "kept"));
  CHECK_OK(MakeFileInRoot(root.fd(), "etc/x/hosts", 0644));
  CHECK(VALUE_OF(ReadFile(root / "etc/x/hosts")) == "kept");
}

TEST_CASE("a directory is no file and a file no directory") {
  const Rooted root;
  REQUIRE_OK(MakeDirectory(root / "d", 0755));
  REQUIRE_OK(ReplaceFile(root / "f", "", 0644));
  CHECK_ERRNO(EISDIR, MakeFileInRoot(root.fd(), "d", 0644));
  CHECK_ERRNO(EISDIR, MakeFileInRoot(root.fd(), "new/..", 0644));
  CHECK_ERRNO(ENOTDIR, MakeDirectoriesInRoot(root.fd(), "f", 0755));
  CHECK_ERRNO(ENOTDIR, MakeDirectoriesInRoot(root.fd(), "f/x", 0755));
  CHECK_ERRNO(ENOTDIR, MakeFileInRoot(root.fd(), "f/x", 0644));
}

TEST_CASE("the kind of a path is told without opening it") {
  const Rooted root;
  REQUIRE_OK(MakeNodeAt(root.fd(), "fifo", S_IFIFO | 0600, 0));
  REQUIRE_OK(Symlink("/", root / "top"));
  REQUIRE_OK(Symlink("/nowhere", root / "dangling"));
  CHECK(VALUE_OF(KindInRoot(root.fd(), "fifo")) == RootedKind::kOther);
  CHECK(VALUE_OF(KindInRoot(root.fd(), "top")) == RootedKind::kDirectory);
  CHECK(VALUE_OF(KindInRoot(root.fd(), "dangling")) == RootedKind::kAbsent);
  CHECK(VALUE_OF(KindInRoot(root.fd(), "fifo/x")) == RootedKind::kAbsent);
}

// While directories are made, somebody keeps swapping one on the way with a
// symlink out of the root.
TEST_CASE("where a file lies is told whatever led to it") {
  testing::TempDir dir;
  CHECK_OK(MakeDirectories(dir / "proc/sys", 0755));
  CHECK_OK(MakeDirectories(dir / "procs", 0755));
  CHECK_OK(Symlink("/proc/sys", dir / "link"));
  const Fd root = VALUE_OF(Open(dir.path(), {.flags = O_PATH | O_DIRECTORY}));
  const auto below = [&](const char* path) {
    const Fd file = VALUE_OF(OpenInRoot(root, path, {.flags = O_PATH}));
    return VALUE_OF(LiesBelowInRoot(root, file, "/proc"));
  };
  CHECK(below("/link"));
  CHECK(below("/proc/sys"));
  CHECK_FALSE(below("/proc"));
  CHECK_FALSE(below("/procs"));
}

TEST_CASE("a racing symlink swap never leads outside") {
  const Rooted root;
  REQUIRE_OK(MakeDirectory(root / "swap", 0755));
  REQUIRE_OK(Symlink(root.outside(), root / "evil"));
  std::atomic<bool> done = false;
  std::thread attacker([&] {
    const std::string a = root / "swap", b = root / "evil";
    while (!done) {
      (void)renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(),
                      RENAME_EXCHANGE);
    }
  });
  int made = 0;
  for (int i = 0; i < 200; ++i) {
    made += MakeDirectoriesInRoot(root.fd(),
                                  fmt::format("swap/{}/../x{}", i, i), 0755)
                .ok();
  }
  done = true;
  attacker.join();
  CHECK(made > 0);
  CHECK(root.OutsideUntouched());
}

TEST_CASE("several makers of the same path all succeed") {
  const Rooted root;
  std::atomic<int> failures = 0;
  std::vector<std::thread> makers;
  for (int maker = 0; maker < 4; ++maker) {
    makers.emplace_back([&] {
      for (int i = 0; i < 60; ++i) {
        const std::string path = fmt::format("{}/a/b", i);
        failures += !MakeDirectoriesInRoot(root.fd(), path, 0755).ok();
        failures += !MakeFileInRoot(root.fd(), path + "/c/f", 0644).ok();
      }
    });
  }
  for (std::thread& maker : makers) maker.join();
  CHECK(failures == 0);
}

}  // namespace
}  // namespace sysbox
