// What files that change by themselves said when they were last measured: the
// read that follows must fit the size that was told, and a file whose text is
// the same has not changed. Bounded; thread-safe.
#ifndef SYSBOX_EMU_SNAPSHOTS_H_
#define SYSBOX_EMU_SNAPSHOTS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "sysbox/fuse/tree.h"

namespace sysbox::emu {

class Snapshots {
 public:
  // Since when the file has said `text`, as far as it was looked at.
  absl::Time Take(fuse::NodeId node, std::string text);
  // What was taken within the last second.
  std::optional<std::string> Fresh(fuse::NodeId node);
  void Forget(fuse::NodeId node);

 private:
  struct Snapshot {
    std::string text;
    absl::Time changed;
    absl::Time taken;
  };
  void Erase(fuse::NodeId node) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  absl::Mutex mu_;
  std::unordered_map<fuse::NodeId, Snapshot> snapshots_ ABSL_GUARDED_BY(mu_);
  size_t bytes_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace sysbox::emu

#endif  // SYSBOX_EMU_SNAPSHOTS_H_
