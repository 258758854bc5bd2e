// While one lives, the calling thread makes files as the container's root
// (fsuid, fsgid) and keeps all its capabilities; the umask is 0.
//
// Needed in two places. Nodes of /dev are born with their owner. And an
// overlay whose upper directory is on an id-mapped mount does its work there
// with the ids of whoever created it: with the host's ids, which the mapping
// does not contain, it is silently read-only (EOVERFLOW in the kernel's log).
#ifndef SYSBOX_MOUNTS_CONTAINER_IDENTITY_H_
#define SYSBOX_MOUNTS_CONTAINER_IDENTITY_H_

#include <sys/types.h>

#include "absl/status/statusor.h"
#include "sysbox/ids/id_range.h"
#include "sysbox/linux/capabilities.h"

namespace sysbox::mounts {

class ContainerIdentity {
 public:
  // The host's ids of the container's root; with empty maps the host's root.
  static absl::StatusOr<ContainerIdentity> Assume(const IdMaps& maps);
  ContainerIdentity(ContainerIdentity&& other) noexcept;
  ContainerIdentity& operator=(ContainerIdentity&&) = delete;
  ~ContainerIdentity();

 private:
  ContainerIdentity(const CapabilitySets& saved, mode_t umask)
      : saved_(saved), umask_(umask) {}
  CapabilitySets saved_;
  mode_t umask_;
  bool active_ = true;
};

// Host ids of ids inside; the same number where nothing is mapped.
uid_t HostUid(const IdMaps& maps, uid_t uid);
gid_t HostGid(const IdMaps& maps, gid_t gid);

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_CONTAINER_IDENTITY_H_
