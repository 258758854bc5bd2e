#include "sysbox/mounts/mapped_tree.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount_info.h"
#include "sysbox/mounts/mount_in_child.h"

namespace sysbox::mounts {
namespace {

struct Piece {
  DetachedMount mount;
  std::string path;  // below the tree's top, without a leading slash
};

struct Pieces {
  DetachedMount top;
  absl::Status top_mapped;
  std::vector<Piece> below;  // no one before what it lies on
};

// On a peer of the host's mount nothing may be mounted: the host would see it.
absl::StatusOr<DetachedMount> CloneSlave(FdRef mount) {
  SYSBOX_ASSIGN_OR_RETURN(DetachedMount clone,
                          CloneTree(mount, "", /*recursive=*/false));
  SYSBOX_RETURN_IF_ERROR(SetMountAttributes(
      clone.fd(), {.set = 0, .clear = 0, .propagation = MS_SLAVE}, false));
  return clone;
}

// An invalid one for what a path does not lead to, as another mount covers it,
// and for what is not to be bound (MS_UNBINDABLE).
absl::StatusOr<DetachedMount> ClonePiece(const MountInfo& mount,
                                         FdRef user_namespace) {
  const auto root = Open(mount.mount_point, {.flags = O_PATH | O_NOFOLLOW});
  if (!root.ok()) return DetachedMount();
  SYSBOX_ASSIGN_OR_RETURN(const uint64_t id, MountIdOf(*root));
  if (id != static_cast<uint64_t>(mount.id)) return DetachedMount();
  auto clone = CloneSlave(*root);
  if (ErrnoOf(clone.status()) == EINVAL) return DetachedMount();
  SYSBOX_RETURN_IF_ERROR(clone.status(), "\"{}\"", mount.mount_point);
  const absl::Status mapped = IdMapMount(clone->fd(), user_namespace, false);
  if (!CannotIdMap(mapped)) SYSBOX_RETURN_IF_ERROR(mapped);
  return clone;
}

absl::StatusOr<std::vector<MountInfo>> MountsBelow(const std::string& top) {
  SYSBOX_ASSIGN_OR_RETURN(std::vector<MountInfo> mounts, ReadOwnMountInfo());
  std::erase_if(mounts, [&](const MountInfo& mount) {
    return mount.mount_point.size() == top.size() ||
           !mount.mount_point.starts_with(top);
  });
  // What lies on another has the longer path.
  std::stable_sort(mounts.begin(), mounts.end(),
                   [](const MountInfo& a, const MountInfo& b) {
                     return a.mount_point.size() < b.mount_point.size();
                   });
  return mounts;
}

absl::StatusOr<Pieces> CloneAll(const std::string& source,
                                FdRef user_namespace) {
  SYSBOX_ASSIGN_OR_RETURN(const Fd top, Open(source, {.flags = O_PATH}));
  SYSBOX_ASSIGN_OR_RETURN(std::string path, ReadLink(ProcPath(top)));
  if (path.back() != '/') path += '/';
  SYSBOX_ASSIGN_OR_RETURN(const auto mounts, MountsBelow(path));
  if (mounts.empty()) return NotFound("nothing is mounted below {}", path);
  Pieces pieces;
  SYSBOX_ASSIGN_OR_RETURN(pieces.top, CloneSlave(top));
  pieces.top_mapped = IdMapMount(pieces.top.fd(), user_namespace, false);
  if (!CannotIdMap(pieces.top_mapped)) {
    SYSBOX_RETURN_IF_ERROR(pieces.top_mapped);
  }
  for (const MountInfo& mount : mounts) {
    SYSBOX_ASSIGN_OR_RETURN(DetachedMount clone,
                            ClonePiece(mount, user_namespace));
    if (!clone.valid()) continue;
    pieces.below.push_back(
        {std::move(clone), mount.mount_point.substr(path.size())});
  }
  return pieces;
}

// In a child: before Linux 6.15 nothing can be mounted on what is attached
// nowhere. It ends with the child; the clone does not.
absl::StatusOr<DetachedMount> Join(const Pieces& pieces, FdRef root) {
  const FdRef top = pieces.top.fd();
  SYSBOX_RETURN_IF_ERROR(AttachMount(pieces.top, root));
  for (const Piece& piece : pieces.below) {
    SYSBOX_ASSIGN_OR_RETURN(const Fd target,
                            OpenAt2(top, piece.path, {.flags = O_PATH},
                                    RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS));
    SYSBOX_RETURN_IF_ERROR(AttachMount(piece.mount, target), "{}", piece.path);
  }
  return CloneTree(top, "", true);
}

}  // namespace

bool CannotIdMap(const absl::Status& status) {
  const int error = ErrnoOf(status);
  return error == EINVAL || error == EPERM || error == EBUSY;
}

absl::StatusOr<MappedTree> CloneMountByMount(const std::string& source,
                                             FdRef user_namespace) {
  SYSBOX_ASSIGN_OR_RETURN(const Pieces pieces,
                          CloneAll(source, user_namespace));
  MappedTree mapped;
  mapped.top = pieces.top_mapped;
  SYSBOX_ASSIGN_OR_RETURN(mapped.tree, MakeMountInChild([&](FdRef root) {
                            return Join(pieces, root);
                          }));
  return mapped;
}

}  // namespace sysbox::mounts
