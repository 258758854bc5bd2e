// The two FUSE mounts of a container, and what is done about them ahead so
// that no container waits for it.
#ifndef SYSBOX_FSD_MOUNT_PAIR_H_
#define SYSBOX_FSD_MOUNT_PAIR_H_

#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "sysbox/fuse/fuse_mount.h"
#include "sysbox/linux/fd.h"

namespace sysbox::fsd {

struct MountPair {
  fuse::FuseMount static_files;
  fuse::FuseMount live_files;
};

absl::StatusOr<MountPair> MakeMountPair();

// A container's mounts, held by us too, so that its last process need not take
// them down (which takes the kernel as long as making them) while somebody
// waits for its end.
struct HeldMounts {
  Fd static_files;
  Fd live_files;
};

// A thread that otherwise sleeps. It looks into no mount: this process serves
// them, and would wait for itself.
class MountsAhead {
 public:
  MountsAhead();
  ~MountsAhead();

  // The one pair in stock, or, if there is none, a new one; the next is then
  // made.
  absl::StatusOr<MountPair> Take();

  // Lets go of them.
  void TakeDown(std::shared_ptr<const HeldMounts> mounts);

 private:
  using Mounts = std::vector<std::shared_ptr<const HeldMounts>>;
  // What there is to do; nothing: to end.
  struct Work {
    Mounts ended;
    bool make_pair = false;
  };

  void Run();
  std::optional<Work> AwaitWork();
  bool HasWork() const ABSL_SHARED_LOCKS_REQUIRED(mu_) {
    return stop_ || wanted_ || !ended_.empty();
  }

  absl::Mutex mu_;
  bool stop_ ABSL_GUARDED_BY(mu_) = false;
  bool wanted_ ABSL_GUARDED_BY(mu_) = true;
  Mounts ended_ ABSL_GUARDED_BY(mu_);
  std::optional<MountPair> spare_ ABSL_GUARDED_BY(mu_);
  std::thread thread_;
};

}  // namespace sysbox::fsd

#endif  // SYSBOX_FSD_MOUNT_PAIR_H_
