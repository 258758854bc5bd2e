#include "sysbox/mounts/container_identity.h"

#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/linux/credentials.h"
#include "sysbox/linux/process_attributes.h"

namespace sysbox::mounts {

uid_t HostUid(const IdMaps& maps, uid_t uid) {
  return maps.uids.ToHost(uid).value_or(uid);
}
gid_t HostGid(const IdMaps& maps, gid_t gid) {
  return maps.gids.ToHost(gid).value_or(gid);
}

absl::StatusOr<ContainerIdentity> ContainerIdentity::Assume(
    const IdMaps& maps) {
  SYSBOX_ASSIGN_OR_RETURN(const CapabilitySets saved, GetCapabilities());
  ContainerIdentity identity(saved, SetUmask(0));
  // Leaving uid 0 takes the file capabilities out of the effective set.
  SetFilesystemIds(HostUid(maps, 0), HostGid(maps, 0));
  SYSBOX_RETURN_IF_ERROR(SetCapabilities(saved), "keep capabilities");
  return identity;
}

ContainerIdentity::ContainerIdentity(ContainerIdentity&& other) noexcept
    : saved_(other.saved_),
      umask_(other.umask_),
      active_(std::exchange(other.active_, false)) {}

ContainerIdentity::~ContainerIdentity() {
  if (!active_) return;
  SetFilesystemIds(0, 0);
  // Cannot fail: these were in force a moment ago and are all permitted.
  (void)SetCapabilities(saved_);
  (void)SetUmask(umask_);
}

}  // namespace sysbox::mounts
