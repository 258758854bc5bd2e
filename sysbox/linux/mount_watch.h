// The mounts that a process sees, and whether they are still the same.
#ifndef SYSBOX_LINUX_MOUNT_WATCH_H_
#define SYSBOX_LINUX_MOUNT_WATCH_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/mount_info.h"

namespace sysbox {

// Thread-safe.
class MountWatch {
 public:
  // Of an open /proc/PID/mountinfo, which stays that of the mount namespace and
  // the root that the process had then.
  explicit MountWatch(Fd mountinfo) : mountinfo_(std::move(mountinfo)) {}

  // Another one for everybody once a mount of the namespace has come, gone or
  // got other flags (MountsChanged).
  uint64_t Generation();
  absl::StatusOr<std::vector<MountInfo>> Read();

 private:
  absl::Mutex mu_;
  Fd mountinfo_ ABSL_GUARDED_BY(mu_);
  uint64_t generation_ ABSL_GUARDED_BY(mu_) = 1;
};

}  // namespace sysbox

#endif  // SYSBOX_LINUX_MOUNT_WATCH_H_
