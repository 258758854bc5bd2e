// Node numbers and the paths they stand for. A number is derived from the
// path, and for a value of a namespace from that namespace too, so that it is
// the same in every process that ever serves the tree.
#ifndef SYSBOX_EMU_NODE_NUMBERS_H_
#define SYSBOX_EMU_NODE_NUMBERS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "sysbox/fuse/tree.h"

namespace sysbox::emu {

// `namespace_inode` is 0 for what is the same in all namespaces.
fuse::NodeId NodeNumber(std::string_view path, uint64_t namespace_inode = 0);

// Whether the number is the path's, in whatever namespace.
bool IsNumberOf(fuse::NodeId node, std::string_view path);

// Of the table's rows and the directories above them.
std::optional<std::string_view> PathInTable(fuse::NodeId node);

// Paths without a row that were looked up in one tree. Bounded: a container
// can make as many names as it likes (network devices), and a host with many
// processors has as many. What has not been asked for longest is forgotten.
// Thread-safe.
class SeenPaths {
 public:
  void Remember(fuse::NodeId node, std::string_view path);
  std::optional<std::string> Find(fuse::NodeId node);

 private:
  using Paths = std::unordered_map<fuse::NodeId, std::string>;
  void Add(fuse::NodeId part, std::string path)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  absl::Mutex mu_;
  // The recent ones, and those before; what is found there is recent again.
  Paths recent_ ABSL_GUARDED_BY(mu_);
  Paths older_ ABSL_GUARDED_BY(mu_);
};

}  // namespace sysbox::emu

#endif  // SYSBOX_EMU_NODE_NUMBERS_H_
