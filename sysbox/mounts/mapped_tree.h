// A bind with all that is mounted below it, id-mapped mount by mount.
#ifndef SYSBOX_MOUNTS_MAPPED_TREE_H_
#define SYSBOX_MOUNTS_MAPPED_TREE_H_

#include <string>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/mount.h"

namespace sysbox::mounts {

// What mount_setattr(2) says of a mount that it cannot id-map: a filesystem
// without the ability, or a mount that is id-mapped already.
bool CannotIdMap(const absl::Status& status);

struct MappedTree {
  DetachedMount tree;
  absl::Status top;  // CannotIdMap, if its top is not
};

// A clone of the tree at `source` in which every mount that can be is id-mapped
// by `user_namespace`: for trees of which mount_setattr(2), which takes all or
// nothing, takes nothing. What is shared is a slave in it. NotFound if there is
// nothing below.
absl::StatusOr<MappedTree> CloneMountByMount(const std::string& source,
                                             FdRef user_namespace);

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_MAPPED_TREE_H_
