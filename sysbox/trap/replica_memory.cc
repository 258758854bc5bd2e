#include "sysbox/trap/replica_memory.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <string>
#include <utility>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount_info.h"

namespace sysbox::trap {

absl::StatusOr<MountView> ViewOf(FdRef mount_namespace, FdRef root) {
  MountView view;
  SYSBOX_ASSIGN_OR_RETURN(view.mount_namespace, IdOf(mount_namespace));
  SYSBOX_ASSIGN_OR_RETURN(view.root_mount, MountIdOf(root));
  SYSBOX_ASSIGN_OR_RETURN(const struct stat status, Stat(root));
  view.root_inode = status.st_ino;
  return view;
}

// Null: it has to be looked up.
ReplicaPlan ReplicaMemory::Recall(const MountView& view,
                                  std::string_view type) {
  // poll(2), which does not wait, under the lock: it says once that something
  // has changed, and whoever hears it has to forget before others ask.
  Remembered gone;  // closed outside of it
  absl::MutexLock lock(&mu_);
  const auto found = by_type_.find(ToAbsl(type));
  if (found == by_type_.end()) return nullptr;
  if (found->second.view == view &&
      !MountsChanged(found->second.mountinfo).value_or(true)) {
    return found->second.plan;
  }
  gone = std::move(found->second);
  by_type_.erase(found);
  return nullptr;
}

absl::StatusOr<ReplicaPlan> ReplicaMemory::Plan(pid_t init,
                                                const MountView& view,
                                                std::string_view mount_point,
                                                std::string_view type) {
  if (ReplicaPlan plan = Recall(view, type); plan != nullptr) return plan;
  Remembered remembered;
  remembered.view = view;
  // Opened before it is read: from here on it tells of changes.
  SYSBOX_ASSIGN_OR_RETURN(
      remembered.mountinfo,
      Open(fmt::format("/proc/{}/mountinfo", init), {.flags = O_RDONLY}));
  SYSBOX_ASSIGN_OR_RETURN(const std::string text,
                          ReadAll(remembered.mountinfo));
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<MountInfo> mounts,
                          ParseMountInfo(text));
  ReplicaPlan plan = std::make_shared<const std::vector<Replica>>(
      PlanReplicas(mounts, mount_point, type));
  remembered.plan = plan;
  absl::MutexLock lock(&mu_);
  std::swap(by_type_[std::string(type)], remembered);
  return plan;
}

}  // namespace sysbox::trap
