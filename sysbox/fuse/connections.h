// Ends FUSE connections from outside, by fusectl
// (Documentation/filesystems/fuse.rst, "The FUSE control filesystem").
#ifndef SYSBOX_FUSE_CONNECTIONS_H_
#define SYSBOX_FUSE_CONNECTIONS_H_

#include <sys/types.h>

#include <string_view>

#include "absl/status/status.h"

namespace sysbox::fuse {

// Aborts the connections of all FUSE mounts that `process` sees and whose
// source is `source`: whoever waits for an answer, or asks later, gets
// ENOTCONN. For mounts whose device nobody serves any more, and yet somebody
// holds: their requests would wait for ever, in tasks that cannot be killed.
// Looks into no mount. ENOENT if there is no such process.
absl::Status AbortConnections(pid_t process, std::string_view source);

}  // namespace sysbox::fuse

#endif  // SYSBOX_FUSE_CONNECTIONS_H_
