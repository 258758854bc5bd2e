#include "sysbox/mgr/overlay_adoption.h"

#include <fcntl.h>
#include <linux/openat2.h>

#include <cerrno>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/extended_attributes.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount.h"
#include "sysbox/linux/mount_info.h"
#include "sysbox/linux/move_entry.h"
#include "sysbox/mounts/overlay_layers.h"

namespace sysbox::mgr {
namespace {

// The engine may add to a directory that it still knows where it was.
constexpr int kMaxRounds = 100;

struct Places {
  FdRef inside;
  FdRef outside;
  Fd upper;
  Fd aside;
};

absl::StatusOr<Fd> OpenDirectory(FdRef root, const std::string& path) {
  return OpenAt2(root, path.empty() ? "." : path,
                 {.flags = O_PATH | O_DIRECTORY | O_NOFOLLOW},
                 RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
}

// "etc/ssl" → "etc", "ssl"
std::pair<std::string, std::string> Split(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {"", path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

// A path as one name, and back.
std::string NameOf(const std::string& path) {
  return absl::StrReplaceAll(path, {{"%", "%25"}, {"/", "%2F"}});
}
std::string PathOf(const std::string& name) {
  return absl::StrReplaceAll(name, {{"%25", "%"}, {"%2F", "/"}});
}

// Makes the container's superblock have the directory in the upper layer: a
// chown(2) to nobody else.
absl::Status CopyUp(const Places& places, const std::string& path) {
  SYSBOX_ASSIGN_OR_RETURN(const Fd directory,
                          OpenDirectory(places.inside, path));
  return ChangeOwner(directory, static_cast<uid_t>(-1), static_cast<gid_t>(-1));
}

absl::Status CopyAttributes(FdRef from, FdRef to) {
  SYSBOX_ASSIGN_OR_RETURN(const struct stat wanted, Stat(from));
  SYSBOX_ASSIGN_OR_RETURN(const struct stat found, Stat(to));
  if (wanted.st_uid != found.st_uid || wanted.st_gid != found.st_gid) {
    SYSBOX_RETURN_IF_ERROR(ChangeOwner(to, wanted.st_uid, wanted.st_gid));
  }
  if (wanted.st_mode != found.st_mode) {
    SYSBOX_RETURN_IF_ERROR(
        ChangeModeAt(FdRef::Cwd(), ProcPath(to), wanted.st_mode & 07777));
  }
  return CopyTimes(from, to);
}

// The container was quicker with that name; it is its own now.
absl::Status Discard(FdRef directory, const std::string& name) {
  const absl::Status unlinked = UnlinkAt(directory, name, 0);
  if (ErrnoOf(unlinked) != EISDIR) return unlinked;
  return RemoveTree(fmt::format("{}/{}", ProcPath(directory), name));
}

absl::Status MoveContents(FdRef from, FdRef to) {
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                          ListDirectory(from));
  for (const std::string& name : names) {
    absl::Status moved = MoveEntry(from, name, to, name);
    if (ErrnoOf(moved) == EEXIST) moved = Discard(from, name);
    SYSBOX_RETURN_IF_ERROR(moved);
  }
  return absl::OkStatus();
}

// In the words of ext4 and btrfs, or of XFS.
bool IsNotEmpty(const absl::Status& copied) {
  return ErrnoOf(copied) == ENOTEMPTY || ErrnoOf(copied) == EEXIST;
}

// 3: what is aside is again where it was.
absl::Status MoveBack(const Places& places, const std::string& name) {
  SYSBOX_ASSIGN_OR_RETURN(const Fd from, OpenDirectory(places.aside, name));
  SYSBOX_ASSIGN_OR_RETURN(const Fd to,
                          OpenDirectory(places.upper, PathOf(name)));
  for (int round = 0; round < kMaxRounds; ++round) {
    SYSBOX_RETURN_IF_ERROR(MoveContents(from, to));
    SYSBOX_RETURN_IF_ERROR(CopyAttributes(from, to));
    SYSBOX_RETURN_IF_ERROR(RefreshFilesystem(places.outside));
    const absl::Status removed = UnlinkAt(places.aside, name, AT_REMOVEDIR);
    if (!IsNotEmpty(removed)) return removed;
  }
  return FailedPrecondition("{}: the engine goes on writing", PathOf(name));
}

// One that the engine has put in the place of the image's hides what the
// container has in use: that stays its own.
bool IsOpaque(FdRef directory) {
  return GetExtendedAttribute(directory, "trusted.overlay.opaque").ok();
}

// An empty one the container's superblock would put its own in the place of,
// without the mode that the engine may have given it. One that it knows it
// shows: no image's directory was changed at that very moment.
absl::StatusOr<bool> IsEmptyAndUnknown(const Places& places, FdRef directory,
                                       const std::string& path) {
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                          ListDirectory(directory));
  if (!names.empty()) return false;
  SYSBOX_ASSIGN_OR_RETURN(const Fd shown, OpenDirectory(places.inside, path));
  SYSBOX_ASSIGN_OR_RETURN(const struct stat inside, Stat(shown));
  SYSBOX_ASSIGN_OR_RETURN(const struct stat upper, Stat(directory));
  return inside.st_ctim.tv_sec != upper.st_ctim.tv_sec ||
         inside.st_ctim.tv_nsec != upper.st_ctim.tv_nsec;
}

absl::Status Adopt(const Places& places, const std::string& path) {
  SYSBOX_ASSIGN_OR_RETURN(const Fd directory,
                          OpenDirectory(places.upper, path));
  SYSBOX_ASSIGN_OR_RETURN(const bool unknown,
                          IsEmptyAndUnknown(places, directory, path));
  if (!unknown) {
    const absl::Status known = CopyUp(places, path);
    if (!IsNotEmpty(known)) return known;
  }
  const auto [above, last] = Split(path);
  SYSBOX_ASSIGN_OR_RETURN(const Fd parent, OpenDirectory(places.upper, above));
  if (IsOpaque(directory)) return FailedPrecondition("{} is another", path);
  const std::string name = NameOf(path);
  SYSBOX_RETURN_IF_ERROR(MoveEntry(parent, last, places.aside, name));
  absl::Status copied = CopyUp(places, path);
  // Not there: the container knew it, but changed it while we looked.
  if (!copied.ok() || !OpenDirectory(places.upper, path).ok()) {
    SYSBOX_RETURN_IF_ERROR(MoveEntry(places.aside, name, parent, last));
    return copied;
  }
  return MoveBack(places, name);
}

// From the top: a directory is not copied up before those above it are known.
absl::Status AdoptWithParents(const Places& places,
                              const std::string& directory) {
  for (size_t end = 0; end != std::string::npos && !directory.empty();) {
    end = directory.find('/', end + 1);
    const std::string path = directory.substr(0, end);
    if (!OpenDirectory(places.upper, path).ok()) return absl::OkStatus();
    const absl::Status adopted = Adopt(places, path);
    if (ErrnoOf(adopted) == ENOENT) return absl::OkStatus();  // to be looked up
    SYSBOX_RETURN_IF_ERROR(adopted);
  }
  return absl::OkStatus();
}

// Of a process that died between 1 and 3.
absl::Status AdoptLeft(const Places& places) {
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                          ListDirectory(places.aside));
  for (const std::string& name : names) {
    const auto [above, last] = Split(PathOf(name));
    SYSBOX_ASSIGN_OR_RETURN(const Fd parent,
                            OpenDirectory(places.upper, above));
    // Before 2, nothing is in its place.
    const absl::Status moved = MoveEntry(places.aside, name, parent, last);
    if (ErrnoOf(moved) != EEXIST) {
      SYSBOX_RETURN_IF_ERROR(moved);
      continue;
    }
    SYSBOX_RETURN_IF_ERROR(MoveBack(places, name));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> DirectoryOf(FdRef file, std::string_view rootfs) {
  SYSBOX_ASSIGN_OR_RETURN(const std::string link, ReadLink(ProcPath(file)));
  absl::string_view path = link;
  if (absl::StartsWith(path, fmt::format("{}/", rootfs))) {
    path.remove_prefix(rootfs.size());
  }
  return Split(std::string(absl::StripPrefix(path, "/"))).first;
}

std::string PlaceAside(const std::string& upper) {
  return upper + ".sysbox-aside";
}

absl::Status AdoptDirectories(FdRef inside, FdRef outside,
                              const std::set<std::string>& directories) {
  SYSBOX_ASSIGN_OR_RETURN(const MountInfo mount, MountOf(outside));
  SYSBOX_ASSIGN_OR_RETURN(const mounts::OverlayLayers layers,
                          mounts::FindOverlayLayers(mount));
  if (layers.upper.empty()) return absl::OkStatus();
  Places places = {inside, outside, {}, {}};
  const std::string aside = PlaceAside(layers.upper);
  SYSBOX_ASSIGN_OR_RETURN(places.upper,
                          Open(layers.upper, {.flags = O_PATH | O_DIRECTORY}));
  SYSBOX_RETURN_IF_ERROR(MakeDirectories(aside, 0700));
  SYSBOX_ASSIGN_OR_RETURN(places.aside,
                          Open(aside, {.flags = O_PATH | O_DIRECTORY}));
  absl::Status first = AdoptLeft(places);
  for (const std::string& directory : directories) {
    absl::Status adopted = AdoptWithParents(places, directory);
    if (first.ok()) first = std::move(adopted);
  }
  absl::Status removed = RemoveDirectory(aside);
  if (first.ok()) first = std::move(removed);
  return first;
}

}  // namespace sysbox::mgr
