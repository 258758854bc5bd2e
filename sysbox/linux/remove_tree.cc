// RemoveTree of file.h. The tree may have been written by a container: deeper
// than our descriptor limit, wider than our memory, and changing.

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"

namespace sysbox {
namespace {

// A directory below this depth is moved to the top and deleted from there, so
// that depth costs neither descriptors nor stack.
constexpr int kMaxDepth = 48;
// Bounds the fight against somebody who keeps adding entries.
constexpr int kMaxPasses = 1 << 16;

struct CloseDirectory {
  void operator()(DIR* dir) const { closedir(dir); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

absl::StatusOr<Directory> OpenDirectory(FdRef parent, const std::string& name) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
  auto fd = OpenAt2(parent, name, {.flags = kFlags},
                    RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS);
  if (ErrnoOf(fd.status()) == EXDEV) {
    return ErrnoStatus(EBUSY, fmt::format("remove mount point {}", name));
  }
  SYSBOX_RETURN_IF_ERROR(fd.status());
  DIR* dir = fdopendir(fd->get());
  if (dir == nullptr) {
    const int error = errno;
    return ErrnoStatus(error, fmt::format("opendir {}", name));
  }
  (void)fd->release();  // the stream owns it now
  return Directory(dir);
}

class TreeRemover {
 public:
  // Removes `name` below `parent`, whatever it is. Absent: OK.
  absl::Status Remove(FdRef parent, const std::string& name, int depth);

 private:
  absl::Status RemoveDirectory(FdRef parent, const std::string& name,
                               int depth);
  // One pass over `dir`; whether it held anything.
  absl::StatusOr<bool> RemoveContents(DIR* dir, int depth);
  absl::Status MoveToTop(FdRef parent, const std::string& name);

  DIR* top_ = nullptr;
  uint64_t moved_ = 0;
};

absl::Status TreeRemover::Remove(FdRef parent, const std::string& name,
                                 int depth) {
  const absl::Status status = UnlinkAt(parent, name, 0);
  switch (ErrnoOf(status)) {
    case 0:
    case ENOENT:
      return absl::OkStatus();
    case EISDIR:
      break;
    default:
      return status;
  }
  if (depth > kMaxDepth) return MoveToTop(parent, name);
  return RemoveDirectory(parent, name, depth);
}

absl::Status TreeRemover::RemoveDirectory(FdRef parent, const std::string& name,
                                          int depth) {
  SYSBOX_ASSIGN_OR_RETURN(Directory dir, OpenDirectory(parent, name));
  if (depth == 0) top_ = dir.get();
  for (int pass = 0; pass < kMaxPasses; ++pass) {
    SYSBOX_ASSIGN_OR_RETURN(bool more, RemoveContents(dir.get(), depth), "{}",
                            name);
    if (!more) break;
    rewinddir(dir.get());
  }
  const absl::Status status = UnlinkAt(parent, name, AT_REMOVEDIR);
  return ErrnoOf(status) == ENOENT ? absl::OkStatus() : status;
}

absl::StatusOr<bool> TreeRemover::RemoveContents(DIR* dir, int depth) {
  bool found = false;
  for (;;) {
    errno = 0;
    const dirent* entry = readdir(dir);
    if (entry == nullptr) break;
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    found = true;
    SYSBOX_RETURN_IF_ERROR(Remove(FdRef(dirfd(dir)), name, depth + 1));
  }
  if (const int error = errno; error != 0) return ErrnoStatus(error, "readdir");
  return found;
}

absl::Status TreeRemover::MoveToTop(FdRef parent, const std::string& name) {
  for (;;) {
    const std::string target = fmt::format(".removing.{}", moved_++);
    if (renameat2(parent.get(), name.c_str(), dirfd(top_), target.c_str(),
                  RENAME_NOREPLACE) == 0) {
      return absl::OkStatus();
    }
    const int error = errno;
    if (error == ENOENT) return absl::OkStatus();  // somebody else removed it
    if (error == EEXIST) continue;
    return ErrnoStatus(error, fmt::format("rename {}", name));
  }
}

}  // namespace

absl::Status RemoveTree(std::string_view path) {
  std::string_view name = path;
  while (name.size() > 1 && name.back() == '/') name.remove_suffix(1);
  const size_t slash = name.rfind('/');
  std::string parent = ".";
  if (slash != std::string_view::npos) {
    parent = std::string(name.substr(0, slash + 1));
    name.remove_prefix(slash + 1);
  }
  if (name.empty() || name == "." || name == "..") {
    return InvalidArgument("remove \"{}\": names no entry", path);
  }
  auto dir = Open(parent, {.flags = O_PATH | O_DIRECTORY});
  if (ErrnoOf(dir.status()) == ENOENT) return absl::OkStatus();
  SYSBOX_RETURN_IF_ERROR(dir.status(), "remove {}", path);
  TreeRemover remover;
  SYSBOX_RETURN_IF_ERROR(remover.Remove(*dir, std::string(name), 0),
                         "remove {}", path);
  return absl::OkStatus();
}

}  // namespace sysbox
