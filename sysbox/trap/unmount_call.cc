#include "sysbox/trap/unmount_call.h"

#include <fcntl.h>
#include <sys/mount.h>

#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount.h"
#include "sysbox/linux/mount_info.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/linux/process.h"
#include "sysbox/trap/callers_place.h"
#include "sysbox/trap/dressed_tree.h"
#include "sysbox/trap/mount_steps.h"
#include "sysbox/trap/replicas.h"

namespace sysbox::trap {
namespace {

constexpr uint64_t kKnownFlags = MNT_FORCE | UMOUNT_NOFOLLOW;

absl::Status UnmountDressed(const TrappedCall& call) {
  const uint64_t flags = call.row.name == "umount2" ? call.caller.arg(1) : 0;
  if ((flags & ~kKnownFlags) != 0) return KernelsOwn();  // EINVAL
  absl::StatusOr<Fd> opened =
      OpenPath(call, 0, (flags & UMOUNT_NOFOLLOW) != 0 ? O_NOFOLLOW : 0);
  // A predecessor has done it: something else is there now, or nothing.
  if (call.progress.earlier() != 0 &&
      !(opened.ok() && IsNotedMount(call, *opened))) {
    return absl::OkStatus();
  }
  SYSBOX_RETURN_IF_ERROR(opened.status());
  const Fd target = *std::move(opened);
  SYSBOX_ASSIGN_OR_RETURN(uint64_t magic, FilesystemMagic(target));
  if (FindDressedType(magic) == nullptr) return KernelsOwn();
  SYSBOX_ASSIGN_OR_RETURN(Fd mount_namespace, OpenMountNamespace(call));
  SYSBOX_ASSIGN_OR_RETURN(Dressed dressed, FindDressed(call, target));
  if (dressed.pieces.empty()) return KernelsOwn();
  for (const MountInfo& piece : dressed.pieces) {
    if (!GoesWith(piece, dressed.base)) return KernelsOwn();  // EBUSY
  }
  if (!call.caller.Waits()) return ErrnoStatus(ESRCH, "caller");
  SYSBOX_ASSIGN_OR_RETURN(Visit visit,
                          Visit::Enter(mount_namespace, NamespaceType::kMount));
  SYSBOX_RETURN_IF_ERROR(ChangeDirectory(target));
  NoteMount(call, target);
  return UnmountDetached(".");
}

}  // namespace

Verdict Unmount(const TrappedCall& call) {
  return ToVerdict(UnmountDressed(call));
}

}  // namespace sysbox::trap
