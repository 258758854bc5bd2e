#include "sysbox/linux/rooted_path.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>

#include <cerrno>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"

namespace sysbox {
namespace {

constexpr uint64_t kInRoot = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
// What the kernel allows in one resolution (MAXSYMLINKS).
constexpr int kMaxLinks = 40;
// Rounds for one component against somebody who keeps changing it.
constexpr int kMaxRaces = 128;
// A path has at most PATH_MAX / 2 components; links can add to them.
constexpr size_t kMaxComponents = 4096;

// Makes what is missing of a path below a root, one component at a time. Each
// directory on the way is held open, so ".." goes back to where we came from
// and not to wherever a directory was moved meanwhile; each step names a
// single component and follows nothing. So no step can leave the root.
class PathMaker {
 public:
  // `leaf_type` is S_IFDIR or S_IFREG.
  PathMaker(FdRef root, mode_t leaf_type, mode_t leaf_mode,
            mode_t directory_mode)
      : root_(root),
        leaf_type_(leaf_type),
        leaf_mode_(leaf_mode),
        directory_mode_(directory_mode) {}

  // O_PATH descriptor of the leaf.
  absl::StatusOr<Fd> Make(std::string_view path);

 private:
  FdRef Current() const { return opened_.empty() ? root_ : opened_.back(); }
  bool AtLeaf() const { return pending_.empty() && leaf_type_ == S_IFREG; }
  // Puts the components of `path` before those still to come.
  absl::Status Prepend(std::string_view path);
  // Takes one step; an fd when that was a file, the end of the path.
  absl::StatusOr<Fd> Step(const std::string& name);
  absl::StatusOr<Fd> OpenOrMake(const std::string& name);
  absl::Status MakeEntry(const std::string& name);
  absl::Status FollowLink(const std::string& name, FdRef link);

  const FdRef root_;
  const mode_t leaf_type_;
  const mode_t leaf_mode_;
  const mode_t directory_mode_;
  std::vector<Fd> opened_;           // from below the root to where we are
  std::deque<std::string> pending_;  // components still to come
  int links_ = 0;
};

absl::Status PathMaker::Prepend(std::string_view path) {
  if (!path.empty() && path.front() == '/') opened_.clear();
  const std::vector<std::string> parts =
      absl::StrSplit(ToAbsl(path), '/', absl::SkipEmpty());
  if (parts.size() + pending_.size() > kMaxComponents) {
    return ErrnoStatus(ENAMETOOLONG, "resolve path");
  }
  pending_.insert(pending_.begin(), parts.begin(), parts.end());
  return absl::OkStatus();
}

absl::Status PathMaker::MakeEntry(const std::string& name) {
  const absl::Status status =
      AtLeaf() ? MakeNodeAt(Current(), name, S_IFREG | leaf_mode_, 0)
               : MakeDirectoryAt(
                     Current(), name,
                     leaf_type_ == S_IFDIR ? leaf_mode_ : directory_mode_);
  // Somebody was faster: what he made is looked at like anything else.
  return ErrnoOf(status) == EEXIST ? absl::OkStatus() : status;
}

absl::StatusOr<Fd> PathMaker::OpenOrMake(const std::string& name) {
  for (int race = 0; race < kMaxRaces; ++race) {
    auto fd = OpenAt2(Current(), name, {.flags = O_PATH | O_NOFOLLOW},
                      RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
    if (ErrnoOf(fd.status()) != ENOENT) return fd;
    SYSBOX_RETURN_IF_ERROR(MakeEntry(name));
  }
  return ErrnoStatus(EAGAIN, fmt::format("make {}", name));
}

absl::Status PathMaker::FollowLink(const std::string& name, FdRef link) {
  // What a magic link reads as is not where it leads, which may even be one of
  // our own descriptors. The kernel says ELOOP of them, as it does of loops.
  auto followed = OpenAt2(Current(), name, {.flags = O_PATH},
                          RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
  if (++links_ > kMaxLinks || ErrnoOf(followed.status()) == ELOOP) {
    return ErrnoStatus(ELOOP, fmt::format("resolve {}", name));
  }
  SYSBOX_ASSIGN_OR_RETURN(const std::string target, ReadLinkAt(link, ""));
  return Prepend(target);
}

absl::StatusOr<Fd> PathMaker::Step(const std::string& name) {
  if (name == ".") return Fd();
  if (name == "..") {
    if (!opened_.empty()) opened_.pop_back();
    return Fd();
  }
  SYSBOX_ASSIGN_OR_RETURN(Fd fd, OpenOrMake(name));
  SYSBOX_ASSIGN_OR_RETURN(const struct stat found, Stat(fd));
  if (S_ISLNK(found.st_mode)) {
    SYSBOX_RETURN_IF_ERROR(FollowLink(name, fd));
    return Fd();
  }
  if (S_ISDIR(found.st_mode)) {
    opened_.push_back(std::move(fd));
    return Fd();
  }
  if (!AtLeaf()) return ErrnoStatus(ENOTDIR, fmt::format("resolve {}", name));
  return fd;
}

absl::StatusOr<Fd> PathMaker::Make(std::string_view path) {
  SYSBOX_RETURN_IF_ERROR(Prepend(path));
  while (!pending_.empty()) {
    const std::string name = std::move(pending_.front());
    pending_.pop_front();
    SYSBOX_ASSIGN_OR_RETURN(Fd file, Step(name));
    if (file.valid()) return file;
  }
  if (leaf_type_ == S_IFREG) return ErrnoStatus(EISDIR, "make file");
  if (!opened_.empty()) return std::move(opened_.back());
  return OpenInRoot(root_, "/", {.flags = O_PATH | O_DIRECTORY});
}

// Whether the kernel's own resolution leaves something to PathMaker: what is
// missing, or a ".." that renames elsewhere keep it from trusting.
bool NeedsMaking(const absl::Status& status) {
  return ErrnoOf(status) == ENOENT || ErrnoOf(status) == EAGAIN;
}

}  // namespace

absl::StatusOr<Fd> OpenInRoot(FdRef root, std::string_view path,
                              OpenOptions options) {
  if (path.find('\0') != std::string_view::npos) {
    return ErrnoStatus(EINVAL, "open path with a NUL byte");
  }
  return OpenAt2(root, path.empty() ? "." : path, options, kInRoot);
}

absl::StatusOr<Fd> MakeDirectoriesInRoot(FdRef root, std::string_view path,
                                         mode_t mode) {
  auto existing = OpenInRoot(root, path, {.flags = O_PATH | O_DIRECTORY});
  if (!NeedsMaking(existing.status())) return existing;
  SYSBOX_ASSIGN_OR_RETURN(Fd made,
                          PathMaker(root, S_IFDIR, mode, mode).Make(path),
                          "make directory {}", path);
  return made;
}

absl::StatusOr<Fd> MakeFileInRoot(FdRef root, std::string_view path,
                                  mode_t mode) {
  auto existing = OpenInRoot(root, path, {.flags = O_PATH});
  if (existing.ok()) {
    SYSBOX_ASSIGN_OR_RETURN(const struct stat found, Stat(*existing));
    if (!S_ISDIR(found.st_mode)) return existing;
    return ErrnoStatus(EISDIR, fmt::format("make file {}", path));
  }
  if (!NeedsMaking(existing.status())) return existing;
  SYSBOX_ASSIGN_OR_RETURN(Fd made,
                          PathMaker(root, S_IFREG, mode, 0755).Make(path),
                          "make file {}", path);
  return made;
}

absl::StatusOr<RootedKind> KindInRoot(FdRef root, std::string_view path) {
  auto fd = OpenInRoot(root, path, {.flags = O_PATH});
  const int error = ErrnoOf(fd.status());
  if (error == ENOENT || error == ENOTDIR) return RootedKind::kAbsent;
  SYSBOX_RETURN_IF_ERROR(fd.status());
  SYSBOX_ASSIGN_OR_RETURN(const struct stat found, Stat(*fd));
  return S_ISDIR(found.st_mode) ? RootedKind::kDirectory : RootedKind::kOther;
}

absl::StatusOr<bool> LiesBelowInRoot(FdRef root, FdRef file,
                                     std::string_view directory) {
  SYSBOX_ASSIGN_OR_RETURN(std::string above, ReadLink(ProcPath(root)));
  SYSBOX_ASSIGN_OR_RETURN(const std::string path, ReadLink(ProcPath(file)));
  if (above == "/") above.clear();
  above += directory;
  return path.starts_with(above + "/");
}

}  // namespace sysbox
