// Finds out what a path of the tree is for a caller: its row, or what the
// directory above says of names without one.
#ifndef SYSBOX_EMU_SERVED_NODE_H_
#define SYSBOX_EMU_SERVED_NODE_H_

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "sysbox/emu/container_view.h"
#include "sysbox/emu/node_spec.h"
#include "sysbox/fuse/tree.h"

namespace sysbox::emu {

struct ServedNode {
  std::string path;
  // The row, or one made up for a name without; then `path` in it is empty.
  NodeSpec spec;
  // Who owns the kernel's file, if it belongs to a namespace's root.
  std::optional<uid_t> uid;
  std::optional<gid_t> gid;
  fuse::NodeId number = 0;
  uint64_t size = 0;  // of a large file
};

// ENOENT where there is nothing, in this superblock.
absl::StatusOr<ServedNode> FindNode(ContainerView& view, Superblock superblock,
                                    const fuse::Caller& caller,
                                    std::string_view path);

// The names in a directory and their types (S_IF*), sorted.
absl::StatusOr<std::map<std::string, mode_t>> NamesIn(
    ContainerView& view, Superblock superblock, const fuse::Caller& caller,
    const ServedNode& directory);

}  // namespace sysbox::emu

#endif  // SYSBOX_EMU_SERVED_NODE_H_
