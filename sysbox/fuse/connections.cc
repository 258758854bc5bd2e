#include "sysbox/fuse/connections.h"

#include <linux/mount.h>

#include <cerrno>
#include <set>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount.h"
#include "sysbox/linux/mount_info.h"

namespace sysbox::fuse {

absl::Status AbortConnections(pid_t process, std::string_view source) {
  SYSBOX_ASSIGN_OR_RETURN(const std::string text,
                          ReadFile(fmt::format("/proc/{}/mountinfo", process)));
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<MountInfo> mounts,
                          ParseMountInfo(text));
  std::set<std::string> connections;  // the minor number is the name
  for (const MountInfo& mount : mounts) {
    if (mount.type != "fuse" || mount.source != source) continue;
    connections.insert(mount.device.substr(mount.device.find(':') + 1));
  }
  if (connections.empty()) return absl::OkStatus();
  // Our own: not every host has it in its place.
  SYSBOX_ASSIGN_OR_RETURN(
      const DetachedMount control,
      NewFilesystem("fusectl", "sysbox", {},
                    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC));
  for (const std::string& connection : connections) {
    const absl::Status aborted =
        WriteExistingAt(control.fd(), connection + "/abort", "1");
    if (ErrnoOf(aborted) != ENOENT) SYSBOX_RETURN_IF_ERROR(aborted);
  }
  return absl::OkStatus();
}

}  // namespace sysbox::fuse
