#include "sysbox/mounts/locked_mounts.h"

#include <fcntl.h>
#include <sys/mount.h>

#include <cerrno>
#include <string>
#include <utility>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/mounts/apply.h"
#include "sysbox/mounts/mount_attributes.h"
#include "sysbox/mounts/move_children.h"

namespace sysbox::mounts {
namespace {

constexpr char kRootfs[] = "0";
constexpr uint64_t kReadOnly = MOUNT_ATTR_RDONLY;

// Invalid where the stage has nothing: an optional source that is absent.
absl::StatusOr<Fd> FindOnStage(FdRef inner, const std::string& name) {
  auto found = OpenAt(inner, name, {.flags = O_PATH | O_NOFOLLOW});
  if (ErrnoOf(found.status()) == ENOENT) return Fd();
  return found;
}

// Whether the kernel did what everything here relies on.
absl::Status CheckLocked(FdRef mount, uint64_t flags) {
  if (flags == 0) return absl::OkStatus();
  const absl::Status cleared = SetMountAttributes(
      mount, {.set = 0, .clear = flags, .propagation = 0}, false);
  if (ErrnoOf(cleared) == EPERM) return absl::OkStatus();
  return Internal("the mount could not be locked");
}

absl::Status Collect(const MountOp& op, FdRef inner, size_t index,
                     std::vector<DetachedMount>& prepared) {
  if (index >= prepared.size()) return Internal("was not prepared");
  SYSBOX_ASSIGN_OR_RETURN(Fd mount,
                          FindOnStage(inner, fmt::format("{}", index)));
  if (!mount.valid()) return absl::OkStatus();
  SYSBOX_RETURN_IF_ERROR(CheckLocked(
      mount,
      (op.attributes.set | op.recursive_attributes.set) & kLockableAttributes));
  prepared[index] = DetachedMount(std::move(mount));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<DetachedMount>> TakeLocked(
    const MountPlan& plan, LockingStage& stage,
    std::vector<DetachedMount>& prepared) {
  std::vector<DetachedMount> locked(prepared.size());
  if (plan.rootfs.locked) {
    SYSBOX_ASSIGN_OR_RETURN(locked[0], stage.Copy(prepared[0]), "rootfs");
    SYSBOX_RETURN_IF_ERROR(SetMountAttributes(
        locked[0].fd(), {.set = kReadOnly, .clear = 0, .propagation = 0},
        false));
  }
  size_t index = 1;  // behind the rootfs
  for (const MountOp& op : plan.ops) {
    if (!NeedsLauncher(op)) continue;
    if (op.locked) locked[index] = std::move(prepared[index]);
    ++index;
  }
  return locked;
}

absl::Status PutLocked(LockingStage& stage,
                       const std::vector<DetachedMount>& locked) {
  for (size_t i = 0; i < locked.size(); ++i) {
    if (!locked[i].valid()) continue;
    SYSBOX_RETURN_IF_ERROR(stage.Put(locked[i], fmt::format("{}", i)),
                           "lock mount");
  }
  return absl::OkStatus();
}

absl::Status KeepLocked(const MountPlan& plan, LockingStage& stage,
                        const std::vector<DetachedMount>& locked) {
  size_t index = 1;
  for (const MountOp& op : plan.ops) {
    if (!NeedsLauncher(op)) continue;
    if (op.stays && index < locked.size() && locked[index].valid()) {
      SYSBOX_RETURN_IF_ERROR(
          stage.Cover(locked[index], fmt::format("cover{}", index)),
          "{}: keep {} mounted", op.field, op.target);
    }
    ++index;
  }
  return absl::OkStatus();
}

absl::Status CollectLocked(const MountPlan& plan, FdRef inner,
                           std::vector<DetachedMount>& prepared) {
  size_t index = 1;
  for (const MountOp& op : plan.ops) {
    if (!NeedsLauncher(op)) continue;
    if (op.locked) {
      SYSBOX_RETURN_IF_ERROR(Collect(op, inner, index, prepared),
                             "{}: mount {} on {}", op.field, op.source,
                             op.target);
    }
    ++index;
  }
  return absl::OkStatus();
}

absl::Status ReplaceRoot(const MountPlan& plan, FdRef inner, Fd& root) {
  if (!plan.rootfs.locked) return absl::OkStatus();
  SYSBOX_ASSIGN_OR_RETURN(Fd locked, FindOnStage(inner, kRootfs), "rootfs");
  if (!locked.valid()) return Internal("rootfs: no locked copy of it");
  SYSBOX_RETURN_IF_ERROR(CheckLocked(locked, kReadOnly), "rootfs");
  SYSBOX_RETURN_IF_ERROR(MoveChildren(root, locked, kHiddenPlace), "rootfs");
  // Otherwise pivot_root(2) takes it along, which costs nothing.
  if (plan.no_pivot) SYSBOX_RETURN_IF_ERROR(UnmountDetached(ProcPath(root)));
  root = std::move(locked);
  return absl::OkStatus();
}

}  // namespace sysbox::mounts
