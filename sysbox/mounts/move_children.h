// Moves what is mounted on one mount to another of the same directory.
#ifndef SYSBOX_MOUNTS_MOVE_CHILDREN_H_
#define SYSBOX_MOUNTS_MOVE_CHILDREN_H_

#include <string>

#include "absl/status/status.h"
#include "sysbox/linux/fd.h"

namespace sysbox::mounts {

// `from` and `to` are roots of mounts in the caller's mount namespace that
// show the same directory; neither is shared. Each mount on `from` goes to
// the same place on `to`, with all that lies on it, in the same order. A
// tmpfs is left on the directory `scratch_place` if mounts were stacked. A
// mount hidden below another's files stays behind.
absl::Status MoveChildren(FdRef from, FdRef to,
                          const std::string& scratch_place);

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_MOVE_CHILDREN_H_
