// The emulated files of nobody, at a place on the host, to be looked at by
// people: DIRECTORY/static and DIRECTORY/live. Owned by root; values are kept
// nowhere, and those of namespaces are refused, for they would be the host's.
#ifndef SYSBOX_FSD_DEBUG_MOUNT_H_
#define SYSBOX_FSD_DEBUG_MOUNT_H_

#include <string>

#include "absl/status/status.h"

namespace sysbox::fsd {

// Serves until SIGTERM, SIGINT or SIGHUP, which are blocked from then on;
// takes away what it made. DIRECTORY is made if missing.
absl::Status ServeAtDirectory(const std::string& directory);

}  // namespace sysbox::fsd

#endif  // SYSBOX_FSD_DEBUG_MOUNT_H_
