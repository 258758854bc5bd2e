#include "sysbox/trap/remount_call.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>

#include <string>

#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount.h"
#include "sysbox/linux/mount_info.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/linux/process.h"
#include "sysbox/trap/callers_place.h"
#include "sysbox/trap/follow_read_only.h"
#include "sysbox/trap/mount_arguments.h"
#include "sysbox/trap/mount_steps.h"
#include "sysbox/trap/replicas.h"

namespace sysbox::trap {
namespace {

constexpr uint64_t kAccess = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
                             MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

// Whether the caller's path may lead to something else in another network
// namespace.
bool MayBeElsewhere(const absl::StatusOr<Fd>& here) {
  if (!here.ok()) return true;
  const absl::StatusOr<uint64_t> magic = FilesystemMagic(*here);
  return magic.ok() && *magic == PROC_SUPER_MAGIC &&
         !IsMountRoot(*here).value_or(true);
}

// In that of the container's init.
absl::StatusOr<Fd> OpenElsewhere(const TrappedCall& call) {
  const pid_t init = call.container.init;
  SYSBOX_ASSIGN_OR_RETURN(const Fd network,
                          OpenNamespace(init, NamespaceType::kNetwork));
  SYSBOX_ASSIGN_OR_RETURN(const uint64_t start, StartTimeTicks(init));
  if (start != call.container.init_start) return KernelsOwn();
  SYSBOX_ASSIGN_OR_RETURN(Visit visit,
                          Visit::Enter(network, NamespaceType::kNetwork));
  return OpenPath(call, 1, 0);
}

absl::Status RemountElsewhere(const TrappedCall& call, uint64_t flags) {
  SYSBOX_ASSIGN_OR_RETURN(const Fd mount_namespace, OpenMountNamespace(call));
  SYSBOX_ASSIGN_OR_RETURN(const Fd file, OpenElsewhere(call));
  SYSBOX_ASSIGN_OR_RETURN(const Dressed dressed, FindDressed(call, file));
  if (!IsEmulated(dressed.base)) return KernelsOwn();
  SYSBOX_ASSIGN_OR_RETURN(const NewMount asked, DecodeNewMount(flags, "", {}));
  const uint64_t set = asked.attributes & kAccess;
  SYSBOX_ASSIGN_OR_RETURN(Visit visit,
                          Visit::Enter(mount_namespace, NamespaceType::kMount));
  return SetMountAttributes(file, {.set = set, .clear = kAccess & ~set},
                            /*recursive=*/false);
}

}  // namespace

absl::Status Remount(const TrappedCall& call, uint64_t flags) {
  const absl::StatusOr<Fd> target = OpenPath(call, 1, 0);
  if ((flags & MS_BIND) != 0 && MayBeElsewhere(target)) {
    return RemountElsewhere(call, flags);
  }
  if (target.ok()) {
    (void)FollowReadOnly(call, *target, (flags & MS_RDONLY) != 0);
  }
  return KernelsOwn();
}

}  // namespace sysbox::trap
