// Makes a container's own superblock forget the names that nobody uses.
#ifndef SYSBOX_MGR_OVERLAY_REFRESHER_H_
#define SYSBOX_MGR_OVERLAY_REFRESHER_H_

#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/process.h"

namespace sysbox::mgr {

// Starts a process that does it and adopts `directories`
// (overlay_adoption.h): the container can make it wait for long (syncfs(2)
// does), and nothing could interrupt that. `outside` and `inside` are the roots
// of the engine's overlay and of the container's.
absl::StatusOr<OwnedChild> StartRefresher(
    FdRef outside, FdRef inside, const std::set<std::string>& directories);

}  // namespace sysbox::mgr

#endif  // SYSBOX_MGR_OVERLAY_REFRESHER_H_
