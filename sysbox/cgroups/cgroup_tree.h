// A cgroup directory with everything below it, whatever the container made
// there: any depth, any number, changing under our feet. Never follows a
// symlink; uses a bounded number of descriptors.
#ifndef SYSBOX_CGROUPS_CGROUP_TREE_H_
#define SYSBOX_CGROUPS_CGROUP_TREE_H_

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"

namespace sysbox::cgroups {

struct TreeVisitor {
  // Each directory before those below it, the root included. Null: none.
  std::function<absl::Status(FdRef directory)> enter;
  // Each directory but the root, after those below it; it is `name` in
  // `parent`. Null: none.
  std::function<absl::Status(FdRef parent, const std::string& name)> leave;
};

// Walks depth first; stops at a visitor's error. Directories that vanish
// meanwhile are passed over.
absl::Status WalkCgroups(FdRef root, const TreeVisitor& visitor);

// Opens a cgroup directory for use as `root`.
absl::StatusOr<Fd> OpenCgroupDirectory(std::string_view path);

// Pids (as this process sees them) in `root` and below, sorted, each once.
// Processes outside our pid namespace are left out.
absl::StatusOr<std::vector<pid_t>> ProcessesBelow(FdRef root);

// Removes `path` and all below. OK when it is absent, EBUSY when a process is
// left in it; then as much as possible is gone.
absl::Status RemoveCgroup(std::string_view path);

// mkdir with all missing parents. False when `path` itself existed.
absl::StatusOr<bool> MakeCgroup(const std::string& path);

}  // namespace sysbox::cgroups

#endif  // SYSBOX_CGROUPS_CGROUP_TREE_H_
