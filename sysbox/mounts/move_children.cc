#include "sysbox/mounts/move_children.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount.h"
#include "sysbox/linux/mount_info.h"
#include "sysbox/linux/rooted_path.h"

namespace sysbox::mounts {
namespace {

absl::Status Move(Fd mount, FdRef target) {
  return AttachMount(DetachedMount(std::move(mount)), target);
}

class ChildMover {
 public:
  ChildMover(FdRef from, FdRef to, const std::string& scratch_place)
      : from_(from), to_(to), scratch_place_(scratch_place) {}
  absl::Status MoveAll();

 private:
  absl::Status MoveChild(const MountInfo& child, const std::string& place);
  // The mounts stacked at `place`, topmost first, `child` being the last;
  // none if that is hidden.
  absl::StatusOr<size_t> Depth(const MountInfo& child, FdRef top) const;
  // Where one mount, or several stacked, can lie that cover a `directory` or
  // a file.
  absl::StatusOr<Fd> Scratch(bool directory);

  FdRef from_;
  FdRef to_;
  const std::string& scratch_place_;
  std::unordered_map<uint64_t, const MountInfo*> by_id_;
  DetachedMount scratch_;
};

absl::StatusOr<size_t> ChildMover::Depth(const MountInfo& child,
                                         FdRef top) const {
  SYSBOX_ASSIGN_OR_RETURN(uint64_t id, MountIdOf(top));
  for (size_t depth = 1;; ++depth) {
    if (id == static_cast<uint64_t>(child.id)) return depth;
    const auto mount = by_id_.find(id);
    if (mount == by_id_.end() ||
        mount->second->mount_point != child.mount_point) {
      return 0;
    }
    id = static_cast<uint64_t>(mount->second->parent_id);
  }
}

absl::StatusOr<Fd> ChildMover::Scratch(bool directory) {
  if (!scratch_.valid()) {
    SYSBOX_ASSIGN_OR_RETURN(scratch_, NewFilesystem("tmpfs", "tmpfs", {}, 0));
    SYSBOX_ASSIGN_OR_RETURN(
        const Fd place, Open(scratch_place_, {.flags = O_PATH | O_DIRECTORY}));
    SYSBOX_RETURN_IF_ERROR(AttachMount(scratch_, place));
    SYSBOX_RETURN_IF_ERROR(MakeDirectoryAt(scratch_.fd(), "directory", 0700));
    SYSBOX_RETURN_IF_ERROR(
        MakeNodeAt(scratch_.fd(), "file", S_IFREG | 0600, /*device=*/0));
  }
  return OpenAt(scratch_.fd(), directory ? "directory" : "file",
                {.flags = O_PATH});
}

absl::Status ChildMover::MoveChild(const MountInfo& child,
                                   const std::string& place) {
  const OpenOptions options = {.flags = O_PATH | O_NOFOLLOW};
  auto opened = OpenInRoot(from_, place, options);
  if (ErrnoOf(opened.status()) == ENOENT) return absl::OkStatus();  // hidden
  SYSBOX_ASSIGN_OR_RETURN(Fd top, std::move(opened));
  SYSBOX_ASSIGN_OR_RETURN(const size_t depth, Depth(child, top));
  if (depth == 0) return absl::OkStatus();
  SYSBOX_ASSIGN_OR_RETURN(const Fd target, OpenInRoot(to_, place, options));
  // Moving takes the topmost: the others are laid aside, and turned over.
  SYSBOX_ASSIGN_OR_RETURN(const struct stat found, Stat(top));
  for (size_t i = 1; i < depth; ++i) {
    SYSBOX_ASSIGN_OR_RETURN(const Fd scratch, Scratch(S_ISDIR(found.st_mode)));
    SYSBOX_RETURN_IF_ERROR(Move(std::move(top), scratch));
    SYSBOX_ASSIGN_OR_RETURN(top, OpenInRoot(from_, place, options));
  }
  SYSBOX_RETURN_IF_ERROR(Move(std::move(top), target));
  for (size_t i = 1; i < depth; ++i) {
    SYSBOX_ASSIGN_OR_RETURN(Fd next, Scratch(S_ISDIR(found.st_mode)));
    SYSBOX_RETURN_IF_ERROR(Move(std::move(next), target));
  }
  return absl::OkStatus();
}

absl::Status ChildMover::MoveAll() {
  SYSBOX_ASSIGN_OR_RETURN(const auto mounts, ReadOwnMountInfo());
  for (const MountInfo& mount : mounts) {
    by_id_[static_cast<uint64_t>(mount.id)] = &mount;
  }
  SYSBOX_ASSIGN_OR_RETURN(const uint64_t from_id, MountIdOf(from_));
  const auto from = by_id_.find(from_id);
  if (from == by_id_.end()) return Internal("a mount is not to be seen");
  const std::string& base = from->second->mount_point;
  for (const MountInfo& child : mounts) {
    if (static_cast<uint64_t>(child.parent_id) != from_id) continue;
    const std::string place =
        base == "/" ? child.mount_point : child.mount_point.substr(base.size());
    SYSBOX_RETURN_IF_ERROR(MoveChild(child, place), "move mount on {}", place);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status MoveChildren(FdRef from, FdRef to,
                          const std::string& scratch_place) {
  return ChildMover(from, to, scratch_place).MoveAll();
}

}  // namespace sysbox::mounts
