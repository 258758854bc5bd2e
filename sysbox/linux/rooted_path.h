// Paths that a container controls, resolved inside a root directory with
// openat2(2) RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS (Linux 5.6). A symlink
// can only lead to another place below the root (CVE-2021-30465 and kin).
// Nothing here ever walks such a path by string.
#ifndef SYSBOX_LINUX_ROOTED_PATH_H_
#define SYSBOX_LINUX_ROOTED_PATH_H_

#include <sys/types.h>

#include <string_view>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/file.h"

namespace sysbox {

// Opens `path` (absolute means the root's top, as does "") below `root`.
absl::StatusOr<Fd> OpenInRoot(FdRef root, std::string_view path,
                              OpenOptions options);

// O_PATH descriptor of the directory `path` below `root`; missing components
// are made with `mode` less the umask, owned by the caller. Existing ones are
// kept. A symlink on the way is followed inside the root, and what a dangling
// one names is made there: images have /var/run -> /run without /run.
absl::StatusOr<Fd> MakeDirectoriesInRoot(FdRef root, std::string_view path,
                                         mode_t mode);

// O_PATH descriptor of the non-directory `path` below `root`; made as an empty
// regular file (its parents as directories, 0755) when absent. Symlinks as
// above. EISDIR if it is a directory.
absl::StatusOr<Fd> MakeFileInRoot(FdRef root, std::string_view path,
                                  mode_t mode);

// Whether `path`, symlinks followed, exists below `root`, and as a directory
// or not.
enum class RootedKind { kAbsent, kDirectory, kOther };
absl::StatusOr<RootedKind> KindInRoot(FdRef root, std::string_view path);

// Whether `file` lies below `directory` ("/proc") of `root`, whatever symlinks
// led to it and whatever file system is mounted there. By the names that the
// kernel has for both in /proc/self/fd.
absl::StatusOr<bool> LiesBelowInRoot(FdRef root, FdRef file,
                                     std::string_view directory);

}  // namespace sysbox

#endif  // SYSBOX_LINUX_ROOTED_PATH_H_
