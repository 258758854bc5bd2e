#include "sysbox/trap/device_permission.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/cgroups/hierarchy.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/process.h"

namespace sysbox::trap {
namespace {

// Where the rules are: the unified hierarchy's programs, or v1's controller.
// A host may have both; a container is in both, then.
struct Door {
  Fd unified;  // a directory
  Fd tasks;    // of v1's devices controller
};

absl::StatusOr<std::string> DirectoryIn(const cgroups::Hierarchy& hierarchy,
                                        const std::string& proc_cgroup) {
  const std::optional<std::string> path = CgroupIn(hierarchy, proc_cgroup);
  if (!path) return ErrnoStatus(EPERM, "caller's cgroup");
  return hierarchy.mount_point + *path;
}

bool HasDevices(const cgroups::Hierarchy& hierarchy) {
  return std::find(hierarchy.controllers.begin(), hierarchy.controllers.end(),
                   "devices") != hierarchy.controllers.end();
}

absl::StatusOr<Door> OpenDoor(const Caller& caller) {
  SYSBOX_ASSIGN_OR_RETURN(cgroups::Hierarchies hierarchies,
                          cgroups::ReadHierarchies());
  SYSBOX_ASSIGN_OR_RETURN(const std::string mine, caller.ReadProc("cgroup"));
  Door door;
  for (const cgroups::Hierarchy& hierarchy : hierarchies.v1) {
    if (!HasDevices(hierarchy)) continue;
    SYSBOX_ASSIGN_OR_RETURN(std::string path, DirectoryIn(hierarchy, mine));
    SYSBOX_ASSIGN_OR_RETURN(door.tasks,
                            Open(path + "/tasks", {.flags = O_WRONLY}));
  }
  if (hierarchies.unified && !door.tasks.valid()) {
    SYSBOX_ASSIGN_OR_RETURN(std::string path,
                            DirectoryIn(*hierarchies.unified, mine));
    SYSBOX_ASSIGN_OR_RETURN(door.unified,
                            Open(path, {.flags = O_RDONLY | O_DIRECTORY}));
  }
  if (!door.tasks.valid() && !door.unified.valid()) {
    return ErrnoStatus(EPERM, "no cgroup has rules for devices");
  }
  return door;
}

// System calls only: the daemon has threads.
[[noreturn]] void TryThere(int tasks, const char* device, int flags) {
  if (tasks >= 0 && write(tasks, "0", 1) != 1) _exit(EPERM);
  _exit(open(device, flags | O_CLOEXEC | O_NONBLOCK) >= 0 ? 0 : errno);
}

}  // namespace

absl::Status CheckDevicePermission(const Caller& caller, FdRef device,
                                   int flags) {
  SYSBOX_ASSIGN_OR_RETURN(const Door door, OpenDoor(caller));
  const std::string path = fmt::format("/proc/self/fd/{}", device.get());
  CloneOptions options;
  if (door.unified.valid()) options.into_cgroup = door.unified;
  SYSBOX_ASSIGN_OR_RETURN(std::optional<OwnedChild> child, Clone(options));
  if (!child) TryThere(door.tasks.get(), path.c_str(), flags);
  SYSBOX_ASSIGN_OR_RETURN(const ExitStatus ended, child->Wait());
  if (ended.signal != 0) return ErrnoStatus(EPERM, "open device");
  if (ended.code != 0) return ErrnoStatus(ended.code, "open device");
  return absl::OkStatus();
}

}  // namespace sysbox::trap
