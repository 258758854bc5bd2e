// What a FUSE file system serves, as the server sees it: nodes by number, no
// path, no libfuse. Implemented above (emu/), called by session.h.
#ifndef SYSBOX_FUSE_TREE_H_
#define SYSBOX_FUSE_TREE_H_

#include <sys/types.h>
#include <time.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace sysbox::fuse {

// Chosen by the tree; names the same file for the tree's whole life, in a
// successor of the process that serves it, too. 1 is the root.
using NodeId = uint64_t;
inline constexpr NodeId kRootNode = 1;

// Who asks, in the host's ids and pid numbers. `pid` is a thread's; 0: the
// kernel itself (readahead, writeback).
struct Caller {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
};

struct Attributes {
  NodeId node = 0;
  mode_t mode = 0;  // type and permission bits
  uid_t uid = 0;    // host ids
  gid_t gid = 0;
  uint64_t size = 0;  // must be exact where content is cached
  uint32_t links = 1;
  // atime, mtime and ctime. Differs after each Write that was accepted and
  // each change of content (of a directory: of its names): it is how the
  // kernel knows that what it has cached is stale.
  timespec changed = {};
  dev_t device = 0;
  // Name and attributes hold until Write or Server::Invalidate. False: the
  // kernel asks anew each time.
  bool fixed = true;
  // Of what is not fixed: the name nevertheless stays this node's, or for how
  // long; and how old the kernel's copy of the attributes may become.
  bool fixed_name = false;
  uint32_t name_valid_ms = 0;
  uint32_t valid_ms = 0;
};

struct DirectoryEntry {
  std::string name;
  NodeId node = 0;
  mode_t type = 0;  // S_IFREG, S_IFDIR, S_IFLNK
  // As in Attributes. Of others, the kernel is not told more ahead.
  bool fixed = true;
};

inline absl::StatusOr<std::string> PieceOf(absl::StatusOr<std::string> whole,
                                           uint64_t offset, size_t size) {
  if (!whole.ok()) return whole;
  return offset < whole->size() ? whole->substr(offset, size) : std::string();
}

// All calls may come from several threads at once, and the caller may be gone
// before they return. Errors become errno (sysbox/base/status.h ErrnoOf; EIO
// if there is none). The kernel has checked mode bits (default_permissions);
// anything beyond them is the tree's.
class Tree {
 public:
  virtual ~Tree() = default;
  // NotFound with ENOENT: no such name.
  virtual absl::StatusOr<Attributes> Lookup(const Caller& caller,
                                            NodeId directory,
                                            std::string_view name) = 0;
  virtual absl::StatusOr<Attributes> Get(const Caller& caller, NodeId node) = 0;
  // The whole content, as of now.
  virtual absl::StatusOr<std::string> Read(const Caller& caller,
                                           NodeId node) = 0;
  // Of a file that the kernel caches: at most `size` bytes from `offset` on.
  virtual absl::StatusOr<std::string> ReadPiece(const Caller& caller,
                                                NodeId node, uint64_t offset,
                                                size_t size) {
    return PieceOf(Read(caller, node), offset, size);
  }
  // One write(2), or a page of a mapping that the kernel writes back, for a
  // caller without a pid. What it accepted is all of `data`.
  virtual absl::Status Write(const Caller& caller, NodeId node,
                             std::string_view data, uint64_t offset) = 0;
  // Without "." and "..".
  virtual absl::StatusOr<std::vector<DirectoryEntry>> List(
      const Caller& caller, NodeId directory) = 0;
  virtual absl::StatusOr<std::string> ReadLink(const Caller& caller,
                                               NodeId node) = 0;
  // Whether poll(2) of the file tells that it has changed, when
  // ServerOptions::changes says so.
  virtual bool TellsOfChanges(NodeId) { return false; }
  // Whether the directory is listed anew by each who reads it, however long
  // its attributes hold.
  virtual bool ListsAnew(NodeId) { return false; }
  // Whether making and removing names in that directory fails as in sysfs
  // rather than as in procfs.
  virtual bool IsLikeSysfs(NodeId) { return false; }
};

}  // namespace sysbox::fuse

#endif  // SYSBOX_FUSE_TREE_H_
