// What the readers of live files have seen: a file that is read in pieces is
// one snapshot, not a patchwork. By the handle of each open file. Thread-safe.
#ifndef SYSBOX_FUSE_OPEN_FILES_H_
#define SYSBOX_FUSE_OPEN_FILES_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"

namespace sysbox::fuse {

class OpenFiles {
 public:
  // `first_handle`: handles given out by a predecessor of this process were
  // lower.
  explicit OpenFiles(uint64_t first_handle) : next_handle_(first_handle) {}

  using Content = std::shared_ptr<const std::string>;

  uint64_t NewHandle();
  // The content to take a later piece at `offset` from. Null: to be made (by
  // Keep). Content that was delivered whole is not kept, only how long it was:
  // then an empty one, if `offset` is beyond it.
  Content Find(uint64_t handle, uint64_t offset) const;
  // What the reader at `handle` has been given `delivered` bytes of, from the
  // start. Beyond a bound nothing is kept: hostile readers get a patchwork.
  void Keep(uint64_t handle, const Content& content, size_t delivered);
  void Forget(uint64_t handle);

  size_t bytes() const;  // held; for tests

 private:
  struct Snapshot {
    Content content;  // null: delivered whole
    size_t length = 0;
  };
  void ForgetLocked(uint64_t handle) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  mutable absl::Mutex mu_;
  uint64_t next_handle_ ABSL_GUARDED_BY(mu_);
  size_t bytes_ ABSL_GUARDED_BY(mu_) = 0;
  absl::flat_hash_map<uint64_t, Snapshot> snapshots_ ABSL_GUARDED_BY(mu_);
};

}  // namespace sysbox::fuse

#endif  // SYSBOX_FUSE_OPEN_FILES_H_
