#include "sysbox/linux/entry_watch.h"

#include <fcntl.h>

#include <cerrno>
#include <string>

#include "catch2/catch.hpp"
#include "sysbox/linux/file.h"
#include "sysbox/linux/move_entry.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox {
namespace {

using testing::TempDir;

TEST_CASE("what is moved out of a directory is told, and where it is") {
  TempDir dir;
  for (const char* name : {"from/sub", "to"}) {
    REQUIRE_OK(MakeDirectories(dir / name, 0755));
  }
  REQUIRE_OK(ReplaceFile(dir / "from/file", "x", 0644));
  EntryWatch watch = VALUE_OF(EntryWatch::Create());
  const Fd from = VALUE_OF(Open(dir / "from", {.flags = O_PATH}));
  const Fd to = VALUE_OF(Open(dir / "to", {.flags = O_RDONLY}));
  REQUIRE_OK(watch.AddMovesFrom(from));
  REQUIRE_OK(watch.AddMovesFrom(from));
  CHECK(VALUE_OF(watch.Read()).events.empty());
  REQUIRE_OK(MakeDirectory(dir / "from/made", 0755));  // not asked for

  for (const char* name : {"sub", "file"}) {
    REQUIRE_OK(MoveEntry(from, name, to, name));
    const EntryWatch::Events events = VALUE_OF(watch.Read());
    REQUIRE(events.events.size() == 1);
    CHECK_FALSE(events.lost);
    CHECK(events.events[0].directory == VALUE_OF(FileHandleOf(from)));
    CHECK(events.events[0].moved);
    const Fd found =
        VALUE_OF(OpenByFileHandle(to, events.events[0].target, O_PATH));
    CHECK(VALUE_OF(ReadLink(ProcPath(found))) == dir / "to" + "/" + name);
  }
}

TEST_CASE("a move between two watched directories is from the first") {
  TempDir dir;
  REQUIRE_OK(MakeDirectories(dir / "from/sub", 0755));
  EntryWatch watch = VALUE_OF(EntryWatch::Create());
  const Fd from = VALUE_OF(Open(dir / "from", {.flags = O_PATH}));
  const Fd to = VALUE_OF(Open(dir.path(), {.flags = O_PATH}));
  REQUIRE_OK(watch.AddMovesFrom(from));
  REQUIRE_OK(watch.AddNames(to));
  REQUIRE_OK(MoveEntry(from, "sub", to, "sub"));
  const EntryWatch::Events events = VALUE_OF(watch.Read());
  REQUIRE(events.events.size() == 1);
  CHECK(events.events[0].moved);
  CHECK(events.events[0].directory == VALUE_OF(FileHandleOf(from)));
}

TEST_CASE("names that come and go are told, until that is no longer asked") {
  TempDir dir;
  EntryWatch watch = VALUE_OF(EntryWatch::Create());
  const Fd place = VALUE_OF(Open(dir.path(), {.flags = O_PATH}));
  CHECK_ERRNO(ENOENT, watch.RemoveNames(place));
  REQUIRE_OK(watch.AddNames(place));
  REQUIRE_OK(MakeDirectory(dir / "made", 0755));
  REQUIRE_OK(RemoveDirectory(dir / "made"));
  const EntryWatch::Events events = VALUE_OF(watch.Read());
  REQUIRE_FALSE(events.events.empty());
  CHECK(events.events[0].directory == VALUE_OF(FileHandleOf(place)));
  CHECK_FALSE(events.events[0].moved);
  REQUIRE_OK(watch.RemoveNames(place));
  REQUIRE_OK(MakeDirectory(dir / "made", 0755));
  CHECK(VALUE_OF(watch.Read()).events.empty());
}

TEST_CASE("a watched directory can be removed") {
  TempDir dir;
  EntryWatch watch = VALUE_OF(EntryWatch::Create());
  REQUIRE_OK(MakeDirectory(dir / "made", 0755));
  {
    const Fd place = VALUE_OF(Open(dir / "made", {.flags = O_PATH}));
    REQUIRE_OK(watch.AddNames(place));
  }
  REQUIRE_OK(RemoveDirectory(dir / "made"));
  CHECK_OK(watch.Read());
}

TEST_CASE("half a file handle is refused") {
  TempDir dir;
  const Fd place = VALUE_OF(Open(dir.path(), {.flags = O_PATH}));
  const FileHandle handle = VALUE_OF(FileHandleOf(place));
  for (size_t size = 0; size < handle.size(); ++size) {
    CHECK_FALSE(FileHandleFrom(handle.data(), size).ok());
  }
  CHECK(VALUE_OF(FileHandleFrom(handle.data(), handle.size())) == handle);
}

}  // namespace
}  // namespace sysbox
