// inotify(7) of single files: cgroup event files, a state directory.
#ifndef SYSBOX_LINUX_INOTIFY_H_
#define SYSBOX_LINUX_INOTIFY_H_

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"

namespace sysbox {

// A non-blocking descriptor that becomes readable on events of `mask` (IN_*)
// on `path` (inotify_add_watch(2)).
absl::StatusOr<Fd> WatchPath(std::string_view path, uint32_t mask);

// Takes all pending events and returns their masks or-ed; 0 when none is
// pending. IN_IGNORED tells that the file is gone.
absl::StatusOr<uint32_t> ReadWatch(FdRef watch);

}  // namespace sysbox

#endif  // SYSBOX_LINUX_INOTIFY_H_
