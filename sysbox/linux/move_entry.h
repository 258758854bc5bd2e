// Moving a name from one directory to another, both given by descriptors, and
// a file's times: renameat2(2), utimensat(2).
#ifndef SYSBOX_LINUX_MOVE_ENTRY_H_
#define SYSBOX_LINUX_MOVE_ENTRY_H_

#include <string>

#include "absl/status/status.h"
#include "sysbox/linux/fd.h"

namespace sysbox {

// `name` of `from` becomes `new_name` of `to`; EEXIST if that is taken. O_PATH
// descriptors will do. No name is followed: it is a symlink that moves.
absl::Status MoveEntry(FdRef from, const std::string& name, FdRef to,
                       const std::string& new_name);

// Times of access and modification; O_PATH descriptors will do.
absl::Status CopyTimes(FdRef from, FdRef to);

}  // namespace sysbox

#endif  // SYSBOX_LINUX_MOVE_ENTRY_H_
