#include "sysbox/mounts/emulated_sources.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/known_device.h"
#include "sysbox/linux/rooted_path.h"
#include "sysbox/mounts/emulated_name.h"
#include "sysbox/mounts/mount_attributes.h"

namespace sysbox::mounts {
namespace {

absl::Status AttachHidden(const DetachedMount& mount) {
  SYSBOX_ASSIGN_OR_RETURN(const Fd place,
                          Open(kHiddenPlace, {.flags = O_PATH | O_DIRECTORY}));
  return AttachMount(mount, place);
}

bool IsNative(const MountOp& op) {
  return op.emulated_from == EmulatedFrom::kNative ||
         op.emulated_from == EmulatedFrom::kNativeIfOwned;
}

// Invalid if there is none.
absl::StatusOr<Fd> FindTarget(const MountOp& op, FdRef root) {
  auto target = OpenInRoot(root, op.target, {.flags = O_PATH | O_NOFOLLOW});
  const int error = ErrnoOf(target.status());
  if (error == ENOENT || error == ENOTDIR) return Fd();
  return target;
}

// Of what is native to the file system itself. Invalid if it is not wanted.
absl::StatusOr<Fd> FindNative(const MountOp& op, FdRef root) {
  SYSBOX_ASSIGN_OR_RETURN(Fd target, FindTarget(op, root));
  if (!target.valid()) return target;
  if (op.emulated_from == EmulatedFrom::kNativeIfOwned) {
    SYSBOX_ASSIGN_OR_RETURN(const struct stat found, Stat(target));
    if (found.st_uid != geteuid()) return Fd();
  }
  return target;
}

// The kernel may let go of a name that a FUSE server gave it, and what was
// found by it is then no place to mount on: it is looked for again.
absl::Status PutOn(const DetachedMount& mount, const MountOp& op, FdRef root,
                   Fd target) {
  constexpr int kMoreAttempts = 2;
  absl::Status put = AttachMount(mount, target);
  for (int i = 0; i < kMoreAttempts && ErrnoOf(put) == ENOENT; ++i) {
    SYSBOX_ASSIGN_OR_RETURN(target, FindTarget(op, root));
    if (!target.valid()) break;
    put = AttachMount(mount, target);
  }
  return put;
}

// The mode that the daemon mounts them with: what their root has until whoever
// serves it was asked about it.
constexpr mode_t kUnknownMode = S_IFDIR;

// Of what is to be bound, all names are asked about at once (FUSE_READDIRPLUS),
// unless the daemon has done so ahead.
absl::Status AskAbout(const DetachedMount& source) {
  SYSBOX_ASSIGN_OR_RETURN(const mode_t known, KnownMode(source.fd()));
  if (known != kUnknownMode) return absl::OkStatus();
  SYSBOX_ASSIGN_OR_RETURN(
      const Fd root,
      OpenAt(source.fd(), ".", {.flags = O_RDONLY | O_DIRECTORY}));
  return ReadDirectoryOnce(root);
}

DetachedMount TakeLast(std::vector<DetachedMount>& mounts) {
  DetachedMount last = std::move(mounts.back());
  mounts.pop_back();
  return last;
}

}  // namespace

absl::StatusOr<EmulatedSources> EmulatedSources::Attach(
    std::vector<DetachedMount>& prepared) {
  if (prepared.size() < 3) return Internal("emulated filesystems are missing");
  DetachedMount live = TakeLast(prepared);
  DetachedMount static_files = TakeLast(prepared);
  SYSBOX_RETURN_IF_ERROR(AttachHidden(static_files), "static files");
  SYSBOX_RETURN_IF_ERROR(AttachHidden(live), "live files");
  SYSBOX_RETURN_IF_ERROR(AskAbout(static_files), "static files");
  SYSBOX_RETURN_IF_ERROR(AskAbout(live), "live files");
  EmulatedSources sources;
  SYSBOX_ASSIGN_OR_RETURN(sources.static_device_,
                          KnownDevice(static_files.fd()));
  SYSBOX_ASSIGN_OR_RETURN(sources.live_device_, KnownDevice(live.fd()));
  sources.static_ = std::move(static_files);
  sources.live_ = std::move(live);
  return sources;
}

absl::StatusOr<DetachedMount> EmulatedSources::CloneServed(
    const MountOp& op) const {
  const DetachedMount& source =
      op.emulated_from == EmulatedFrom::kLive ? live_ : static_;
  SYSBOX_ASSIGN_OR_RETURN(
      DetachedMount clone,
      CloneTree(source.fd(), EmulatedName(op.target), false));
  SYSBOX_RETURN_IF_ERROR(ApplyAttributes(clone.fd(), op));
  return clone;
}

// Natives are found while nothing covers them, but cloned in their turn: the
// kernel lists mounts by age, and who unmounts from the end of the list expects
// what lies on another behind it.
absl::Status EmulatedSources::Bind(absl::Span<const MountOp> ops,
                                   FdRef root) const {
  std::vector<Fd> natives(ops.size());
  for (size_t i = 0; i < ops.size(); ++i) {
    if (!IsNative(ops[i])) continue;
    SYSBOX_ASSIGN_OR_RETURN(natives[i], FindNative(ops[i], root), "{}",
                            ops[i].target);
  }
  for (size_t i = 0; i < ops.size(); ++i) {
    const MountOp& op = ops[i];
    if (IsNative(op) && !natives[i].valid()) continue;
    SYSBOX_ASSIGN_OR_RETURN(Fd target, FindTarget(op, root), "emulate {}",
                            op.target);
    if (!target.valid()) continue;
    SYSBOX_ASSIGN_OR_RETURN(
        const DetachedMount clone,
        IsNative(op) ? CloneTree(natives[i], "", false) : CloneServed(op),
        "emulate {}", op.target);
    SYSBOX_RETURN_IF_ERROR(PutOn(clone, op, root, std::move(target)),
                           "emulate {}", op.target);
  }
  return absl::OkStatus();
}

}  // namespace sysbox::mounts
