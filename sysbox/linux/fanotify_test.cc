#include "sysbox/linux/fanotify.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount.h"
#include "sysbox/testing/temp_dir.h"
#include "sysbox/testing/user_namespace.h"

namespace sysbox {
namespace {

using testing::RunInNamespaces;
using testing::TempDir;

absl::Status MountTmpfs(const std::string& path) {
  SYSBOX_RETURN_IF_ERROR(MakeDirectories(path, 0755));
  SYSBOX_ASSIGN_OR_RETURN(DetachedMount mount,
                          NewFilesystem("tmpfs", "", {}, 0));
  SYSBOX_ASSIGN_OR_RETURN(const Fd target, Open(path, {.flags = O_PATH}));
  return AttachMount(mount, target);
}

absl::Status CheckWatch(const std::string& path) {
  SYSBOX_RETURN_IF_ERROR(MountTmpfs(path));
  SYSBOX_ASSIGN_OR_RETURN(WriteWatch watch, WriteWatch::Create());
  SYSBOX_ASSIGN_OR_RETURN(Fd root, Open(path, {.flags = O_PATH}));
  SYSBOX_RETURN_IF_ERROR(watch.Add(root));
  SYSBOX_RETURN_IF_ERROR(watch.Add(root));
  root.Reset();
  SYSBOX_ASSIGN_OR_RETURN(auto events, watch.Read());
  RETURN_UNLESS(events.files.empty() && !events.lost);

  SYSBOX_RETURN_IF_ERROR(MakeDirectory(path + "/d", 0755));
  SYSBOX_RETURN_IF_ERROR(ReplaceFile(path + "/d/f", "x", 0644));
  SYSBOX_ASSIGN_OR_RETURN(const bool ready, WaitReadable(watch.fd(), 5000));
  RETURN_UNLESS(ready);
  SYSBOX_ASSIGN_OR_RETURN(events, watch.Read());
  RETURN_UNLESS(!events.files.empty());
  SYSBOX_ASSIGN_OR_RETURN(const struct stat found, Stat(events.files[0].file));
  SYSBOX_ASSIGN_OR_RETURN(const struct stat file,
                          StatAt(FdRef::Cwd(), path + "/d/f"));
  RETURN_UNLESS(found.st_dev == file.st_dev && found.st_ino == file.st_ino);

  SYSBOX_RETURN_IF_ERROR(watch.Remove(events.files[0].file));
  RETURN_UNLESS(ErrnoOf(watch.Remove(events.files[0].file)) == ENOENT);
  events = {};
  SYSBOX_RETURN_IF_ERROR(ReplaceFile(path + "/d/f", "y", 0644));
  SYSBOX_ASSIGN_OR_RETURN(events, watch.Read());
  RETURN_UNLESS(events.files.empty());
  return absl::OkStatus();
}

TEST_CASE("a file written anywhere in a filesystem is told, until removed") {
  const TempDir dir;
  CHECK(MessageOf(RunInNamespaces(
            CLONE_NEWNS, [&] { return CheckWatch(dir / "fs"); })) == "");
}

TEST_CASE("a watched filesystem can be unmounted") {
  const TempDir dir;
  CHECK(MessageOf(RunInNamespaces(CLONE_NEWNS, [&]() -> absl::Status {
          const std::string path = dir / "fs";
          SYSBOX_RETURN_IF_ERROR(MountTmpfs(path));
          SYSBOX_ASSIGN_OR_RETURN(WriteWatch watch, WriteWatch::Create());
          SYSBOX_ASSIGN_OR_RETURN(Fd root, Open(path, {.flags = O_PATH}));
          SYSBOX_RETURN_IF_ERROR(watch.Add(root));
          root.Reset();
          RETURN_UNLESS(umount2(path.c_str(), 0) == 0);  // not lazily
          return absl::OkStatus();
        })) == "");
}

TEST_CASE("more events than a batch come batch by batch") {
  const TempDir dir;
  CHECK(
      MessageOf(RunInNamespaces(CLONE_NEWNS, [&]() -> absl::Status {
        const std::string path = dir / "fs";
        SYSBOX_RETURN_IF_ERROR(MountTmpfs(path));
        SYSBOX_ASSIGN_OR_RETURN(WriteWatch watch, WriteWatch::Create());
        SYSBOX_ASSIGN_OR_RETURN(const Fd root, Open(path, {.flags = O_PATH}));
        SYSBOX_RETURN_IF_ERROR(watch.Add(root));
        for (int i = 0; i < WriteWatch::kBatch + 5; ++i) {
          const std::string name = path + "/" + std::to_string(i);
          SYSBOX_RETURN_IF_ERROR(
              Open(name, {.flags = O_WRONLY | O_CREAT, .mode = 0600}).status());
        }
        SYSBOX_ASSIGN_OR_RETURN(const auto first, watch.Read());
        RETURN_UNLESS(first.files.size() == WriteWatch::kBatch);
        SYSBOX_ASSIGN_OR_RETURN(const auto second, watch.Read());
        RETURN_UNLESS(second.files.size() == 5);
        return absl::OkStatus();
      })) == "");
}

}  // namespace
}  // namespace sysbox
