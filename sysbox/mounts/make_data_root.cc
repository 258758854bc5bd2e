#include "sysbox/mounts/make_data_root.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/extended_attributes.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount_info.h"
#include "sysbox/linux/rooted_path.h"
#include "sysbox/mounts/inner_whiteouts.h"

namespace sysbox::mounts {
namespace {

// trusted.*: nobody in a user namespace can set or see it, no engine keeps it
// in an image.
constexpr char kMark[] = "trusted.sysbox.data-root";
// On the upper layer's top: what was made a data root late, by line.
constexpr char kLate[] = "trusted.sysbox.late-data-roots";
constexpr char kToken[] = "trusted.sysbox.token";
// Engines' own stores are some 10 deep.
constexpr int kMaxDepth = 200;

absl::StatusOr<Fd> OpenBelow(FdRef directory, std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  return OpenAt2(directory, path, {.flags = O_RDONLY | O_DIRECTORY},
                 RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
}

bool IsMarked(FdRef directory) {
  return fgetxattr(directory.get(), kMark, nullptr, 0) >= 0;
}

absl::Status Mark(FdRef directory) {
  if (fsetxattr(directory.get(), kMark, "1", 1, 0) == 0) {
    return absl::OkStatus();
  }
  return ErrnoStatus(errno, fmt::format("set {}", kMark));
}

// Sets the times that it has: of all changes the one that loses nothing, and
// a change makes the overlay copy.
absl::Status CopyUp(FdRef directory, const std::string& name,
                    const struct stat& found, int flags) {
  const timespec times[] = {found.st_atim, found.st_mtim};
  if (utimensat(directory.get(), name.c_str(), times, flags) == 0) {
    return absl::OkStatus();
  }
  return ErrnoStatus(errno, fmt::format("copy up {}", name));
}

absl::Status CopyUpTree(FdRef directory, int depth) {
  if (depth > kMaxDepth) return ErrnoStatus(ELOOP, "directories too deep");
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                          ListDirectory(directory));
  for (const std::string& name : names) {
    SYSBOX_ASSIGN_OR_RETURN(const struct stat found,
                            StatAt(directory, name, AT_SYMLINK_NOFOLLOW));
    SYSBOX_RETURN_IF_ERROR(CopyUp(directory, name, found, AT_SYMLINK_NOFOLLOW));
    if (!S_ISDIR(found.st_mode)) continue;
    SYSBOX_ASSIGN_OR_RETURN(const Fd below, OpenBelow(directory, name));
    SYSBOX_RETURN_IF_ERROR(CopyUpTree(below, depth + 1), "{}", name);
  }
  return absl::OkStatus();
}

// `directory`'s path below the overlay's root, whatever symlinks led to it.
absl::StatusOr<std::string> PathBelow(const std::string& root,
                                      FdRef directory) {
  SYSBOX_ASSIGN_OR_RETURN(const std::string path,
                          ReadLink(ProcPath(directory)));
  if (!path.starts_with(root + "/")) {
    return Internal("{} is not below {}", path, root);
  }
  return path.substr(root.size() + 1);
}

absl::Status GiveToContainerRoot(FdRef directory, const RootfsPlan& rootfs,
                                 const MountOp& op, const IdMaps& maps) {
  SYSBOX_RETURN_IF_ERROR(
      ChangeModeAt(FdRef::Cwd(), ProcPath(directory), op.mode));
  if (rootfs.kind != RootfsPlan::Kind::kPlainBind) return absl::OkStatus();
  return ChangeOwner(directory, maps.uids.ToHost(0).value_or(0),
                     maps.gids.ToHost(0).value_or(0));
}

// All that the image has in `directory`, at `path` of the overlay, is in the
// upper layer, too.
absl::Status Fill(const OverlayLayers& layers, FdRef upper, FdRef directory,
                  const std::string& path) {
  SYSBOX_ASSIGN_OR_RETURN(const struct stat found, Stat(directory));
  SYSBOX_RETURN_IF_ERROR(CopyUp(FdRef::Cwd(), ProcPath(directory), found, 0));
  SYSBOX_RETURN_IF_ERROR(CopyUpTree(directory, 0));
  SYSBOX_ASSIGN_OR_RETURN(const Fd made, OpenBelow(upper, path));
  return RestoreInnerWhiteouts(layers, path, made);
}

// What is written on `directory` is found in the upper layer: so it is of that
// overlay, at that path, and on a mount that may be written to. An overlay of
// the container's own has no right to set such an attribute.
absl::Status CheckSame(FdRef directory, FdRef upper, const std::string& path) {
  static std::atomic<uint64_t> count = 0;
  const std::string token = fmt::format("{}.{}", getpid(), ++count);
  SYSBOX_RETURN_IF_ERROR(SetExtendedAttribute(directory, kToken, token, 0));
  const auto made = OpenBelow(upper, path);
  const bool same =
      made.ok() && GetExtendedAttribute(*made, kToken).value_or("") == token;
  SYSBOX_RETURN_IF_ERROR(RemoveExtendedAttribute(directory, kToken));
  return same ? absl::OkStatus()
              : FailedPrecondition("{} is another directory", path);
}

std::vector<std::string> NotedIn(FdRef upper) {
  const auto text = GetExtendedAttribute(upper, kLate);
  if (!text.ok()) return {};
  std::vector<std::string> paths =
      absl::StrSplit(ToAbsl(*text), '\n', absl::SkipEmpty());
  return paths;
}

// Only commits need it. What a file system has no room for (some keep little
// more than 4 KiB of attributes) is not worth an error.
void Note(FdRef upper, const std::string& path) {
  std::vector<std::string> paths = NotedIn(upper);
  if (path.find('\n') != std::string::npos ||
      std::find(paths.begin(), paths.end(), path) != paths.end()) {
    return;
  }
  paths.push_back(path);
  (void)SetExtendedAttribute(upper, kLate, absl::StrJoin(paths, "\n"), 0);
}

absl::StatusOr<Fd> OpenFilled(FdRef upper, const std::string& path) {
  SYSBOX_ASSIGN_OR_RETURN(Fd made, OpenBelow(upper, path));
  // What is deleted there leaves no whiteout.
  SYSBOX_RETURN_IF_ERROR(MakeOpaque(made));
  SYSBOX_RETURN_IF_ERROR(Mark(made));
  return made;
}

}  // namespace

absl::StatusOr<Fd> MakeDataRoot(const RootfsPlan& rootfs, const MountOp& op,
                                const IdMaps& maps) {
  SYSBOX_ASSIGN_OR_RETURN(const Fd upper,
                          Open(op.source, {.flags = O_PATH | O_DIRECTORY}));
  if (auto made = OpenBelow(upper, op.target); made.ok() && IsMarked(*made)) {
    return made;
  }
  SYSBOX_ASSIGN_OR_RETURN(const Fd merged,
                          Open(rootfs.path, {.flags = O_PATH | O_DIRECTORY}));
  SYSBOX_ASSIGN_OR_RETURN(const RootedKind kind, KindInRoot(merged, op.target));
  if (kind == RootedKind::kOther) return Fd();
  SYSBOX_ASSIGN_OR_RETURN(const Fd directory,
                          MakeDirectoriesInRoot(merged, op.target, 0755));
  SYSBOX_ASSIGN_OR_RETURN(const bool is_root, IsMountRoot(directory));
  if (is_root) return Fd();  // a symlink to "/"
  SYSBOX_ASSIGN_OR_RETURN(const std::string path,
                          PathBelow(rootfs.path, directory));
  SYSBOX_RETURN_IF_ERROR(kind == RootedKind::kAbsent
                             ? GiveToContainerRoot(directory, rootfs, op, maps)
                             : Fill(rootfs.overlay, upper, directory, path));
  return OpenFilled(upper, path);
}

absl::StatusOr<Fd> TakeDataRoot(const OverlayLayers& layers, FdRef directory,
                                const std::string& path) {
  SYSBOX_ASSIGN_OR_RETURN(const Fd upper,
                          Open(layers.upper, {.flags = O_PATH | O_DIRECTORY}));
  SYSBOX_RETURN_IF_ERROR(CheckSame(directory, upper, path));
  Note(upper, path);
  if (auto made = OpenBelow(upper, path); made.ok() && IsMarked(*made)) {
    return made;
  }
  SYSBOX_RETURN_IF_ERROR(Fill(layers, upper, directory, path));
  return OpenFilled(upper, path);
}

std::vector<std::string> LateDataRoots(const std::string& upper) {
  if (upper.empty()) return {};
  const auto top = Open(upper, {.flags = O_PATH | O_DIRECTORY});
  return top.ok() ? NotedIn(*top) : std::vector<std::string>();
}

}  // namespace sysbox::mounts
