// cgroup v1's freezer (Documentation/admin-guide/cgroup-v1/
// freezer-subsystem.rst). `directory` is a freezer cgroup.
#ifndef SYSBOX_CGROUPS_V1_FREEZER_H_
#define SYSBOX_CGROUPS_V1_FREEZER_H_

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sysbox/linux/fd.h"

namespace sysbox::cgroups {

// Returns when all of it is frozen. DeadlineExceeded after `limit`, thawed
// again.
absl::Status FreezeV1(FdRef directory, absl::Duration limit);
// Undoes FreezeV1; what the container froze below stays frozen.
absl::Status ThawV1(FdRef directory);
// Thaws everything below as well: frozen processes cannot die.
absl::Status ThawV1Tree(FdRef directory);
// FREEZING counts.
absl::StatusOr<bool> IsFrozenV1(FdRef directory);

}  // namespace sysbox::cgroups

#endif  // SYSBOX_CGROUPS_V1_FREEZER_H_
