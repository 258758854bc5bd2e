// How the flags of a mount get locked: read-only, nosuid, nodev and noexec
// stay so in the container's mount namespace and in every copy of it, whoever
// asks (mount_namespaces(7)). The kernel does that to what reaches a mount
// namespace by propagation from one that another user namespace owns. So
// there is a stage, a tmpfs mounted twice: the outer half, shared, is the
// launcher's; the inner half, its slave, is attached by init in the
// container's namespace. What the launcher puts on the one appears locked on
// the other, from where init moves it to its place; it stays locked, and can
// be unmounted. Nothing of it is ever in the host's mount namespace.
#ifndef SYSBOX_MOUNTS_LOCKING_STAGE_H_
#define SYSBOX_MOUNTS_LOCKING_STAGE_H_

#include <string>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/mount.h"
#include "sysbox/linux/process.h"

namespace sysbox::mounts {

// Launcher, in a mount namespace that the host's user namespace owns. Closing
// it takes an RCU grace period; what has been put on it stays where it is.
class LockingStage {
 public:
  enum class Method {
    // The outer half is attached nowhere (Linux 6.15).
    kDetached,
    // A child has it in a mount namespace of its own: earlier kernels neither
    // clone what is detached nor mount on it.
    kAttached,
  };
  // By the first method that this kernel knows.
  static absl::StatusOr<LockingStage> Make();
  static absl::StatusOr<LockingStage> MakeBy(Method method);

  // For init, which attaches it where it likes.
  const DetachedMount& inner() const { return inner_; }

  // Another mount of the same. The kernel may want `mount` in exchange for
  // one like it.
  absl::StatusOr<DetachedMount> Copy(DetachedMount& mount);

  // `mount`, and what is mounted below it, appears as `name` on the inner
  // half, which must be attached already. Flags that are to be locked have to
  // be set. `mount` must not be unbindable.
  absl::Status Put(const DetachedMount& mount, const std::string& name);

  // `mount`, which was put, gets two more of itself on top in the container,
  // wherever that has it by now and unless it was made private there. The
  // kernel lets nobody take the upper one from the lower, as both came at once
  // from another user namespace; and nothing leads to the lower one.
  // `name` is of none before.
  absl::Status Cover(const DetachedMount& mount, const std::string& name);

 private:
  LockingStage() = default;
  absl::Status Detach();
  absl::Status StartChild();

  DetachedMount outer_;  // kDetached
  OwnedChild child_;     // kAttached: serves requests on the other end of
  Fd requests_;          // this, until it is closed
  DetachedMount inner_;
};

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_LOCKING_STAGE_H_
