#include "sysbox/trap/full_visibility.h"

#include "absl/status/statusor.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/mount_info.h"
#include "sysbox/linux/mount_list.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/trap/mount_steps.h"

namespace sysbox::trap {

absl::Status CheckNotRevealing(const TrappedCall& call, FdRef mount_namespace,
                               std::string_view type,
                               const std::vector<Replica>& replicas,
                               bool read_only) {
  SYSBOX_ASSIGN_OR_RETURN(NamespaceId id, call.caller.UserNamespace());
  if (id == call.container.user_namespace) return absl::OkStatus();
  SYSBOX_ASSIGN_OR_RETURN(const Fd mountinfo, call.caller.OpenMountInfo());
  const auto shows = [&](const absl::StatusOr<std::vector<MountInfo>>& mounts) {
    return mounts.ok() && IsFullyVisible(*mounts, type, replicas, read_only);
  };
  if (shows(ReachedMounts(mountinfo))) return absl::OkStatus();
  // The kernel counts those as well that lie on a root that was covered, as
  // systemd-nspawn does, for this very rule.
  return shows(AllMounts(mount_namespace, mountinfo)) ? absl::OkStatus()
                                                      : KernelsOwn();
}

}  // namespace sysbox::trap
