// Init's half of apply.h, from pivot_root on.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/rooted_path.h"
#include "sysbox/mounts/apply.h"
#include "sysbox/mounts/staying_mounts.h"

namespace sysbox::mounts {
namespace {

const MountAttributes kReadOnly = {
    .set = MOUNT_ATTR_RDONLY, .clear = 0, .propagation = 0};

// Hides paths one after the other, from two sources made at first need.
class Masker {
 public:
  explicit Masker(FdRef root) : root_(root) {}
  absl::Status Hide(FdRef target);

 private:
  absl::StatusOr<FdRef> NullDevice();
  absl::Status CoverDirectory(FdRef target);

  FdRef root_;
  Fd null_;
  Fd empty_;  // a directory covered before
};

// A rootfs, or a hook, could have put anything there, and binding that over a
// masked path would reveal it (CVE-2025-31133).
absl::StatusOr<FdRef> Masker::NullDevice() {
  if (null_.valid()) return FdRef(null_);
  SYSBOX_ASSIGN_OR_RETURN(
      Fd opened,
      OpenInRoot(root_, "/dev/null", {.flags = O_PATH | O_NOFOLLOW}));
  SYSBOX_ASSIGN_OR_RETURN(const struct stat found, Stat(opened));
  if (!S_ISCHR(found.st_mode) || found.st_rdev != makedev(1, 3)) {
    return FailedPrecondition("/dev/null in the rootfs is not the null device");
  }
  null_ = std::move(opened);
  return FdRef(null_);
}

absl::Status Masker::CoverDirectory(FdRef target) {
  if (empty_.valid()) {
    SYSBOX_ASSIGN_OR_RETURN(const DetachedMount clone,
                            CloneTree(empty_, "", false));
    return AttachMount(clone, target);
  }
  SYSBOX_ASSIGN_OR_RETURN(
      DetachedMount fresh,
      NewFilesystem("tmpfs", "tmpfs",
                    {{"nr_blocks", "1"}, {"nr_inodes", "1"}, {"mode", "755"}},
                    MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
                        MOUNT_ATTR_NOEXEC));
  SYSBOX_RETURN_IF_ERROR(AttachMount(fresh, target));
  empty_ = fresh.Release();
  return absl::OkStatus();
}

absl::Status Masker::Hide(FdRef target) {
  SYSBOX_ASSIGN_OR_RETURN(const struct stat found, Stat(target));
  if (S_ISDIR(found.st_mode)) return CoverDirectory(target);
  SYSBOX_ASSIGN_OR_RETURN(const FdRef null, NullDevice());
  SYSBOX_ASSIGN_OR_RETURN(const DetachedMount clone,
                          CloneTree(null, "", false));
  return AttachMount(clone, target);
}

absl::Status ProtectPath(FdRef target) {
  SYSBOX_ASSIGN_OR_RETURN(const DetachedMount clone,
                          CloneTree(target, "", true));
  SYSBOX_RETURN_IF_ERROR(SetMountAttributes(clone.fd(), kReadOnly, true));
  return AttachMount(clone, target);
}

absl::StatusOr<StayingMounts> FindStaying(
    const MountPlan& plan, const std::vector<DetachedMount>& attached) {
  StayingMounts staying;
  size_t index = 1;  // behind the rootfs
  for (const MountOp& op : plan.ops) {
    if (!NeedsLauncher(op)) continue;
    if (op.stays && index < attached.size() && attached[index].valid()) {
      SYSBOX_RETURN_IF_ERROR(staying.Add(attached[index].fd()));
    }
    ++index;
  }
  return staying;
}

// False if there is nothing at the op's target. Asked before anything is
// cloned: closing a clone that could not be attached waits for RCU.
absl::StatusOr<bool> OpenTarget(const MountOp& op, FdRef root, Fd& target) {
  auto opened = OpenInRoot(root, op.target, {.flags = O_PATH});
  const int error = ErrnoOf(opened.status());
  if (op.optional && (error == ENOENT || error == ENOTDIR)) return false;
  SYSBOX_ASSIGN_OR_RETURN(target, std::move(opened));
  return true;
}

absl::Status ApplyLast(const MountOp& op, FdRef root,
                       const StayingMounts& staying, Masker& masker) {
  Fd target;
  SYSBOX_ASSIGN_OR_RETURN(const bool present, OpenTarget(op, root, target));
  if (!present) return absl::OkStatus();
  SYSBOX_RETURN_IF_ERROR(staying.CheckNotBelow(target));
  return op.kind == MountOp::Kind::kMask ? masker.Hide(target)
                                         : ProtectPath(target);
}

}  // namespace

absl::Status EnterRootfs(const MountPlan& plan, FdRef root) {
  SYSBOX_RETURN_IF_ERROR(plan.no_pivot ? MoveRoot(root) : PivotRoot(root),
                         "rootfs \"{}\"", plan.rootfs.path);
  const uint64_t flags = plan.rootfs.propagation;
  if (flags == 0) return absl::OkStatus();
  return SetMountAttributes(
      root, {.set = 0, .clear = 0, .propagation = flags & ~uint64_t{MS_REC}},
      (flags & MS_REC) != 0);
}

absl::Status AttachLastMounts(const MountPlan& plan, FdRef root,
                              std::vector<DetachedMount>& prepared) {
  SYSBOX_ASSIGN_OR_RETURN(const StayingMounts staying,
                          FindStaying(plan, prepared));
  Masker masker(root);
  for (const MountOp& op : plan.ops) {
    if (!op.last) continue;
    SYSBOX_RETURN_IF_ERROR(ApplyLast(op, root, staying, masker), "{} \"{}\"",
                           op.field, op.target);
  }
  if (!plan.rootfs.readonly) return absl::OkStatus();
  SYSBOX_RETURN_IF_ERROR(SetMountAttributes(root, kReadOnly, false),
                         "make rootfs read-only");
  return absl::OkStatus();
}

}  // namespace sysbox::mounts
