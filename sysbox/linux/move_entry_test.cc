#include "sysbox/linux/move_entry.h"

#include <fcntl.h>

#include <cerrno>

#include "catch2/catch.hpp"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox {
namespace {

TEST_CASE("a name moves between directories, and replaces none") {
  testing::TempDir dir;
  for (const char* name : {"a/x", "b"}) {
    REQUIRE_OK(MakeDirectories(dir / name, 0755));
  }
  const Fd a = VALUE_OF(Open(dir / "a", {.flags = O_PATH}));
  const Fd b = VALUE_OF(Open(dir / "b", {.flags = O_PATH}));
  REQUIRE_OK(MoveEntry(a, "x", b, "y"));
  CHECK(Exists(dir / "b/y"));
  REQUIRE_OK(MakeDirectory(dir / "a/z", 0755));
  CHECK_ERRNO(EEXIST, MoveEntry(a, "z", b, "y"));
  CHECK_ERRNO(ENOENT, MoveEntry(a, "nope", b, "n"));
}

TEST_CASE("times are copied to the nanosecond") {
  testing::TempDir dir;
  REQUIRE_OK(MakeDirectory(dir / "old", 0755));
  REQUIRE_OK(MakeDirectory(dir / "new", 0755));
  const Fd from = VALUE_OF(Open(dir / "old", {.flags = O_PATH}));
  const Fd to = VALUE_OF(Open(dir / "new", {.flags = O_PATH}));
  REQUIRE_OK(CopyTimes(from, to));
  const struct stat a = VALUE_OF(Stat(from)), b = VALUE_OF(Stat(to));
  CHECK(a.st_mtim.tv_sec == b.st_mtim.tv_sec);
  CHECK(a.st_mtim.tv_nsec == b.st_mtim.tv_nsec);
}

}  // namespace
}  // namespace sysbox
