// The two FUSE mounts of a container that is not known yet: made ahead, so
// that no container waits for them.
#ifndef SYSBOX_FSD_MOUNT_PAIR_H_
#define SYSBOX_FSD_MOUNT_PAIR_H_

#include <memory>
#include <optional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "sysbox/fuse/fuse_mount.h"
#include "sysbox/fuse/server.h"

namespace sysbox::fsd {

struct MountPair {
  fuse::FuseMount static_files;
  fuse::FuseMount live_files;
};

absl::StatusOr<MountPair> MakeMountPair();

// At most one pair in stock, made by a thread that otherwise sleeps. The
// kernel already knows what is in the roots of a spare's mounts, so that a
// container's init need not wait for us to tell it: only a thread of its own
// may wait for `server` to answer, since others may keep that busy.
class SpareMounts {
 public:
  // `server` outlives it.
  explicit SpareMounts(fuse::Server* server);
  ~SpareMounts();

  // The spare, or, if there is none, a new pair of which the kernel knows
  // nothing. The next spare is then made.
  absl::StatusOr<MountPair> Take();

 private:
  void Run();
  absl::StatusOr<MountPair> MakeSpare();
  bool HasWork() const ABSL_SHARED_LOCKS_REQUIRED(mu_) {
    return stop_ || wanted_;
  }

  fuse::Server* const server_;
  absl::Mutex mu_;
  bool stop_ ABSL_GUARDED_BY(mu_) = false;
  bool wanted_ ABSL_GUARDED_BY(mu_) = true;
  std::optional<MountPair> spare_ ABSL_GUARDED_BY(mu_);
  std::thread thread_;
};

}  // namespace sysbox::fsd

#endif  // SYSBOX_FSD_MOUNT_PAIR_H_
