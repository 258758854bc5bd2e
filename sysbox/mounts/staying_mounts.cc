#include "sysbox/mounts/staying_mounts.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount_info.h"

namespace sysbox::mounts {
namespace {

absl::StatusOr<bool> IsSameDirectory(FdRef a, FdRef b) {
  SYSBOX_ASSIGN_OR_RETURN(const struct stat status_a, Stat(a));
  SYSBOX_ASSIGN_OR_RETURN(const struct stat status_b, Stat(b));
  return status_a.st_dev == status_b.st_dev &&
         status_a.st_ino == status_b.st_ino;
}

absl::Status Refusal() {
  return InvalidArgument(
      "it leads below a read-only mount that can be kept mounted only if "
      "nothing does (--allow-immutable-unmounts=false)");
}

}  // namespace

absl::Status StayingMounts::Add(FdRef mount) {
  SYSBOX_ASSIGN_OR_RETURN(const uint64_t id, MountIdOf(mount));
  ids_.push_back(id);
  return absl::OkStatus();
}

bool StayingMounts::Has(uint64_t id) const {
  return std::find(ids_.begin(), ids_.end(), id) != ids_.end();
}

absl::Status StayingMounts::CheckNotBelow(FdRef target) const {
  if (ids_.empty()) return absl::OkStatus();
  SYSBOX_ASSIGN_OR_RETURN(uint64_t id, MountIdOf(target));
  SYSBOX_ASSIGN_OR_RETURN(const bool root, IsMountRoot(target));
  // What is mounted at its very place is on top of what covers it.
  if (Has(id) && !root) return Refusal();
  SYSBOX_ASSIGN_OR_RETURN(const struct stat status, Stat(target));
  if (!S_ISDIR(status.st_mode)) return absl::OkStatus();
  // It may be on a mount that came with one of them.
  Fd holder;
  for (FdRef here = target;;) {
    SYSBOX_ASSIGN_OR_RETURN(
        Fd above, OpenAt(here, "..", {.flags = O_PATH | O_DIRECTORY}));
    SYSBOX_ASSIGN_OR_RETURN(const uint64_t above_id, MountIdOf(above));
    SYSBOX_ASSIGN_OR_RETURN(const bool same, IsSameDirectory(here, above));
    if (Has(above_id) && !(same && above_id == id)) return Refusal();
    if (same && above_id == id) return absl::OkStatus();  // the root
    id = above_id;
    holder = std::move(above);
    here = holder;
  }
}

}  // namespace sysbox::mounts
