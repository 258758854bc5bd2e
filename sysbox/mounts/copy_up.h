// "tmpcopyup": a new tmpfs starts with what the directory below it holds.
#ifndef SYSBOX_MOUNTS_COPY_UP_H_
#define SYSBOX_MOUNTS_COPY_UP_H_

#include "absl/status/status.h"
#include "sysbox/linux/fd.h"

namespace sysbox::mounts {

// Copies the entries of `from` (O_PATH is fine) into the directory `to`:
// regular files, directories, symlinks and FIFOs with their owners and modes.
// Follows no symlink, crosses no mount. Sockets and device nodes are left
// out; times and extended attributes are not kept. `depth` bounds recursion.
absl::Status CopyUp(FdRef from, FdRef to, int depth = 64);

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_COPY_UP_H_
