#include "sysbox/mounts/inner_whiteouts.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>

#include <cerrno>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/extended_attributes.h"
#include "sysbox/linux/file.h"

namespace sysbox::mounts {
namespace {

constexpr char kOpaque[] = "trusted.overlay.opaque";
// As overlays in a user namespace have it ("userxattr").
constexpr char kInnerOpaque[] = "user.overlay.opaque";
constexpr int kMaxDepth = 200;

absl::StatusOr<Fd> OpenDirectory(FdRef parent, std::string_view name) {
  return OpenAt2(parent, name, {.flags = O_RDONLY | O_DIRECTORY},
                 RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
}

bool IsWhiteout(const struct stat& found) {
  return S_ISCHR(found.st_mode) && found.st_rdev == 0;
}

// nullopt: nothing there.
absl::StatusOr<std::optional<struct stat>> Find(FdRef directory,
                                                std::string_view name) {
  const auto found = StatAt(directory, name, AT_SYMLINK_NOFOLLOW);
  if (found.ok()) return *found;
  if (ErrnoOf(found.status()) == ENOENT) return std::nullopt;
  return found.status();
}

// The directories that an overlay merges at one path, the topmost first.
struct Merged {
  std::vector<Fd> directories;
  bool has_lowest = false;  // the lowest layer that was asked about is in it
};

absl::StatusOr<Merged> Descend(const std::vector<Fd>& layers,
                               std::string_view name) {
  Merged below;
  for (const Fd& layer : layers) {
    SYSBOX_ASSIGN_OR_RETURN(const auto found, Find(layer, name));
    if (!found.has_value()) continue;
    if (!S_ISDIR(found->st_mode)) return below;  // hides the rest
    SYSBOX_ASSIGN_OR_RETURN(Fd directory, OpenDirectory(layer, name));
    SYSBOX_ASSIGN_OR_RETURN(const bool opaque, IsOpaque(directory));
    below.directories.push_back(std::move(directory));
    below.has_lowest = &layer == &layers.back();
    if (opaque) return below;
  }
  return below;
}

// Whether a layer above the lowest has anything at `name`.
absl::StatusOr<bool> IsDecidedAbove(const std::vector<Fd>& layers,
                                    std::string_view name) {
  for (size_t i = 0; i + 1 < layers.size(); ++i) {
    SYSBOX_ASSIGN_OR_RETURN(const auto found, Find(layers[i], name));
    if (found.has_value()) return true;
  }
  return false;
}

absl::Status MakeWhiteout(FdRef made, const std::string& name,
                          const struct stat& from) {
  const absl::Status status = MakeNodeAt(made, name, S_IFCHR, 0);
  if (ErrnoOf(status) == EEXIST) return absl::OkStatus();
  SYSBOX_RETURN_IF_ERROR(status);
  return ChangeOwnerAt(made, name, from.st_uid, from.st_gid,
                       AT_SYMLINK_NOFOLLOW);
}

absl::Status Restore(const std::vector<Fd>& layers, FdRef made, int depth);

absl::Status RestoreBelow(const std::vector<Fd>& layers,
                          const std::string& name, FdRef made, int depth) {
  SYSBOX_ASSIGN_OR_RETURN(const Merged below, Descend(layers, name));
  if (!below.has_lowest) return absl::OkStatus();
  SYSBOX_ASSIGN_OR_RETURN(const Fd directory, OpenDirectory(made, name));
  SYSBOX_ASSIGN_OR_RETURN(const bool opaque,
                          IsOpaque(below.directories.back()));
  if (opaque) {
    SYSBOX_RETURN_IF_ERROR(
        SetExtendedAttribute(directory, kInnerOpaque, "y", 0));
  }
  return Restore(below.directories, directory, depth + 1);
}

absl::Status Restore(const std::vector<Fd>& layers, FdRef made, int depth) {
  if (depth > kMaxDepth) return ErrnoStatus(ELOOP, "directories too deep");
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                          ListDirectory(layers.back()));
  for (const std::string& name : names) {
    SYSBOX_ASSIGN_OR_RETURN(const auto found, Find(layers.back(), name));
    if (!found.has_value()) continue;
    if (S_ISDIR(found->st_mode)) {
      SYSBOX_RETURN_IF_ERROR(RestoreBelow(layers, name, made, depth), "{}",
                             name);
    } else if (IsWhiteout(*found)) {
      SYSBOX_ASSIGN_OR_RETURN(const bool decided, IsDecidedAbove(layers, name));
      if (decided) continue;
      SYSBOX_RETURN_IF_ERROR(MakeWhiteout(made, name, *found), "{}", name);
    }
  }
  return absl::OkStatus();
}

bool HasValue(FdRef directory, const char* name) {
  return GetExtendedAttribute(directory, name).value_or("") == "y";
}

// What a container that runs on takes away meanwhile is left out, and what it
// nests too deep.
absl::Status KeepOpaque(FdRef directory, int depth) {
  if (depth > kMaxDepth) return absl::OkStatus();
  if (HasValue(directory, kInnerOpaque) && !HasValue(directory, kOpaque)) {
    SYSBOX_RETURN_IF_ERROR(MakeOpaque(directory));
  }
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                          ListDirectory(directory));
  for (const std::string& name : names) {
    const auto found = StatAt(directory, name, AT_SYMLINK_NOFOLLOW);
    if (!found.ok() || !S_ISDIR(found->st_mode)) continue;
    const auto below = OpenDirectory(directory, name);
    if (!below.ok()) continue;
    SYSBOX_RETURN_IF_ERROR(KeepOpaque(*below, depth + 1), "{}", name);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status KeepInnerOpaque(const std::string& data_root) {
  SYSBOX_ASSIGN_OR_RETURN(
      const Fd top,
      OpenAt2(FdRef::Cwd(), data_root, {.flags = O_RDONLY | O_DIRECTORY},
              RESOLVE_NO_SYMLINKS));
  return KeepOpaque(top, 0);
}

absl::Status MakeOpaque(FdRef directory) {
  return SetExtendedAttribute(directory, kOpaque, "y", 0);
}

absl::StatusOr<bool> IsOpaque(FdRef directory) {
  const auto value = GetExtendedAttribute(directory, kOpaque);
  if (value.ok()) return *value == "y";
  const int error = ErrnoOf(value.status());
  if (error == ENODATA || error == EOPNOTSUPP) return false;
  return value.status();
}

absl::Status RestoreInnerWhiteouts(const OverlayLayers& layers,
                                   const std::string& path, FdRef made) {
  Merged merged;
  for (const std::string& layer : layers.lower) {
    SYSBOX_ASSIGN_OR_RETURN(Fd top,
                            Open(layer, {.flags = O_PATH | O_DIRECTORY}));
    merged.directories.push_back(std::move(top));
  }
  for (const absl::string_view name :
       absl::StrSplit(ToAbsl(path), '/', absl::SkipEmpty())) {
    SYSBOX_ASSIGN_OR_RETURN(merged, Descend(merged.directories, ToStd(name)));
    if (merged.directories.empty()) return absl::OkStatus();
  }
  SYSBOX_ASSIGN_OR_RETURN(const bool ours, IsOpaque(merged.directories.back()));
  return ours ? Restore(merged.directories, made, 0) : absl::OkStatus();
}

}  // namespace sysbox::mounts
