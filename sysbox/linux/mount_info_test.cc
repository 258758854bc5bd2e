#include "sysbox/linux/mount_info.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "catch2/catch.hpp"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"
#include "sysbox/testing/user_namespace.h"

namespace sysbox {
namespace {

using testing::RunInNamespaces;
using testing::TempDir;

std::string Text(const MountInfo& m) {
  return fmt::format("{}<{} {} [{}] on [{}] {} <{}> {} [{}] {}", m.id,
                     m.parent_id, m.device, m.root, m.mount_point, m.options,
                     fmt::join(m.optional_fields, ","), m.type, m.source,
                     m.super_options);
}

std::string Golden(std::string_view line) {
  const auto mounts = ParseMountInfo(line);
  if (!mounts.ok()) return std::string(MessageOf(mounts.status()));
  REQUIRE(mounts->size() == 1);
  return Text(mounts->front());
}

TEST_CASE("all fields of a line are found") {
  CHECK(Golden("36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root "
               "rw,errors=continue\n") ==
        "36<35 98:0 [/mnt1] on [/mnt2] rw,noatime <master:1> ext3 [/dev/root] "
        "rw,errors=continue");
}

TEST_CASE("a line may have none or several optional fields") {
  CHECK(Golden("1 2 0:5 / / rw - proc proc rw") ==
        "1<2 0:5 [/] on [/] rw <> proc [proc] rw");
  CHECK(
      Golden("1 2 0:5 / / rw shared:4 master:1 propagate_from:2 - proc p rw") ==
      "1<2 0:5 [/] on [/] rw <shared:4,master:1,propagate_from:2> proc [p] "
      "rw");
}

TEST_CASE("paths are unescaped, superblock options are not") {
  CHECK(Golden("1 2 0:5 /a\\040b /c\\134\\011d rw - fuse\\040x s\\043 "
               "rw,lowerdir=/a\\072b:/c\\054d") ==
        "1<2 0:5 [/a b] on [/c\\\td] rw <> fuse x [s#] "
        "rw,lowerdir=/a\\072b:/c\\054d");
}

TEST_CASE("an empty source and unescaped spaces in the options are kept") {
  CHECK(Golden("1 2 0:5 / / rw - tmpfs  rw,x=a b") ==
        "1<2 0:5 [/] on [/] rw <> tmpfs [] rw,x=a b");
}

TEST_CASE("a bad line is named") {
  CHECK(Golden("1 2 0:5 / / rw - proc proc rw\n1 2 bad\n") ==
        "mountinfo: unexpected line \"1 2 bad\"");
  for (const char* line :
       {"1", "x 2 0:5 / / rw - a b c", "1 -2 0:5 / / rw - a b c",
        "1 2 0:5 / / rw a b c", "1 2 0:5 / / rw -", "1 2 0:5 / / rw - a b",
        "2147483648 2 0:5 / / rw - a b c", " 1 2 0:5 / / rw - a b c"}) {
    INFO(line);
    CHECK_FALSE(ParseMountInfo(line).ok());
  }
  CHECK(VALUE_OF(ParseMountInfo("")).empty());
}

TEST_CASE("only complete octal escapes are unescaped") {
  CHECK(UnescapeMountField("a\\040b") == "a b");
  CHECK(UnescapeMountField("\\377") == "\377");
  for (const char* text : {"\\", "\\0", "\\04", "\\08x", "\\400", "\\x20"}) {
    CHECK(UnescapeMountField(text) == text);
  }
}

TEST_CASE("our own mounts parse and the root is among them") {
  const std::vector<MountInfo> mounts = VALUE_OF(ReadOwnMountInfo());
  CHECK(std::any_of(mounts.begin(), mounts.end(), [](const MountInfo& mount) {
    return mount.mount_point == "/";
  }));
}

TEST_CASE("the mount of a file is the one it lies on") {
  const Fd proc = VALUE_OF(Open("/proc/self/status", {.flags = O_PATH}));
  const MountInfo mount = VALUE_OF(MountOf(proc));
  CHECK(mount.mount_point == "/proc");
  CHECK(mount.type == "proc");
}

// Many mounts, one at the end with a line longer than a read's chunk, and one
// stacked on another.
absl::Status FindAmongMany(const std::string& base) {
  if (mount("tmpfs", base.c_str(), "tmpfs", 0, nullptr) != 0) {
    return ErrnoStatus(errno, "mount tmpfs");
  }
  for (int i = 0; i < 300; ++i) {
    const std::string layer = fmt::format("{}/layer-{:03}", base, i);
    SYSBOX_RETURN_IF_ERROR(MakeDirectory(layer, 0755));
    if (mount("tmpfs", layer.c_str(), "tmpfs", 0, nullptr) != 0 ||
        mount("second", layer.c_str(), "tmpfs", 0, nullptr) != 0) {
      return ErrnoStatus(errno, "mount layer");
    }
  }
  for (int i = 0; i < 300; ++i) {
    const std::string layer = fmt::format("{}/layer-{:03}", base, i);
    SYSBOX_ASSIGN_OR_RETURN(const Fd fd, Open(layer, {.flags = O_PATH}));
    SYSBOX_ASSIGN_OR_RETURN(const MountInfo found, MountOf(fd));
    RETURN_UNLESS(found.mount_point == layer && found.source == "second");
  }
  return absl::OkStatus();
}

TEST_CASE("a mount is found among many, on top of another") {
  const TempDir dir;
  CHECK_OK(
      RunInNamespaces(CLONE_NEWNS, [&] { return FindAmongMany(dir.path()); }));
}

absl::Status FindAfterLongLine(const std::string& base) {
  // FSCONFIG_SET_STRING takes 255 bytes.
  const std::string common = base + "/" + std::string(235 - base.size(), 'x');
  SYSBOX_RETURN_IF_ERROR(MakeDirectory(common, 0755));
  // fsconfig takes layers one by one; mount(2) would end at a page.
  const int context = fsopen("overlay", FSOPEN_CLOEXEC);
  const Fd owner(context);
  for (int i = 0; i < 120; ++i) {
    const std::string layer = fmt::format("{}/{}", common, i);
    SYSBOX_RETURN_IF_ERROR(MakeDirectory(layer, 0755));
    if (fsconfig(context, FSCONFIG_SET_STRING, "lowerdir+", layer.c_str(), 0) !=
        0) {
      return ErrnoStatus(errno, "lowerdir+");
    }
  }
  if (fsconfig(context, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
    return ErrnoStatus(errno, "create overlay");
  }
  const Fd overlay(fsmount(context, FSMOUNT_CLOEXEC, 0));
  const std::string first = base + "/first", last = base + "/last";
  SYSBOX_RETURN_IF_ERROR(MakeDirectory(first, 0755));
  SYSBOX_RETURN_IF_ERROR(MakeDirectory(last, 0755));
  if (move_mount(overlay.get(), "", AT_FDCWD, first.c_str(),
                 MOVE_MOUNT_F_EMPTY_PATH) != 0 ||
      mount("last", last.c_str(), "tmpfs", 0, nullptr) != 0) {
    return ErrnoStatus(errno, "mount");
  }
  SYSBOX_ASSIGN_OR_RETURN(const MountInfo long_one, MountOf(overlay));
  RETURN_UNLESS(long_one.type == "overlay");
  RETURN_UNLESS(long_one.super_options.size() > (20 << 10));
  RETURN_UNLESS(long_one.super_options.find("/119") != std::string::npos);
  SYSBOX_ASSIGN_OR_RETURN(const Fd fd, Open(last, {.flags = O_PATH}));
  SYSBOX_ASSIGN_OR_RETURN(const MountInfo found, MountOf(fd));
  RETURN_UNLESS(found.source == "last");
  return absl::OkStatus();
}

TEST_CASE("a line longer than one read is found and passed over") {
  const TempDir dir;
  CHECK_OK(RunInNamespaces(CLONE_NEWNS,
                           [&] { return FindAfterLongLine(dir.path()); }));
}

TEST_CASE("a mount of no namespace is reported as absent") {
  const Fd tree(open_tree(AT_FDCWD, "/proc", OPEN_TREE_CLONE | O_CLOEXEC));
  REQUIRE(tree.valid());
  CHECK(MountOf(tree).status().code() == absl::StatusCode::kNotFound);
}

TEST_CASE("the root of a mount is told from what is below") {
  const Fd root = VALUE_OF(Open("/proc", {.flags = O_PATH}));
  const Fd below = VALUE_OF(Open("/proc/self/status", {.flags = O_PATH}));
  CHECK(VALUE_OF(IsMountRoot(root)));
  CHECK_FALSE(VALUE_OF(IsMountRoot(below)));
}

}  // namespace
}  // namespace sysbox
