#include "sysbox/trap/replica_memory.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <utility>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount_info.h"
#include "sysbox/trap/callers_place.h"

namespace sysbox::trap {
namespace {

std::vector<uint64_t> IdsOf(const std::vector<ListedMount>& mounts) {
  std::vector<uint64_t> ids;
  ids.reserve(mounts.size());
  for (const ListedMount& mount : mounts) ids.push_back(mount.id);
  return ids;
}

// Those of the first one's file system.
absl::StatusOr<std::vector<ListedMount>> DescribeOwn(
    const std::vector<uint64_t>& ids) {
  SYSBOX_ASSIGN_OR_RETURN(std::vector<ListedMount> mounts, DescribeMounts(ids));
  const uint64_t device = mounts.front().device;
  std::erase_if(mounts, [device](const ListedMount& mount) {
    return mount.device != device;
  });
  return mounts;
}

}  // namespace

// On the file system at `mount_point`, in its mount namespace.
ReplicaMemory::Listed ReplicaMemory::MountsOver(const MountView& view,
                                                std::string_view mount_point,
                                                const Listed& known) {
  const auto list = [&]() -> absl::StatusOr<Listed> {
    Listed now;
    SYSBOX_ASSIGN_OR_RETURN(
        Visit visit, Visit::Enter(view.mount_namespace, NamespaceType::kMount));
    SYSBOX_ASSIGN_OR_RETURN(
        const Fd base, OpenAt(view.root, mount_point.substr(1),
                              {.flags = O_PATH | O_NOFOLLOW | O_DIRECTORY}));
    SYSBOX_ASSIGN_OR_RETURN(now.all, ListMountsOn(base));
    SYSBOX_ASSIGN_OR_RETURN(now.own, now.all == known.all
                                         ? DescribeMounts(IdsOf(known.own))
                                         : DescribeOwn(now.all));
    return now;
  };
  return list().value_or(Listed());
}

absl::StatusOr<ReplicaMemory::Where> ReplicaMemory::Locate(
    const MountView& view) {
  Where where;
  SYSBOX_ASSIGN_OR_RETURN(where.mount_namespace, IdOf(view.mount_namespace));
  SYSBOX_ASSIGN_OR_RETURN(where.root_mount, MountIdOf(view.root));
  SYSBOX_ASSIGN_OR_RETURN(const struct stat status, Stat(view.root));
  where.root_inode = status.st_ino;
  return where;
}

bool ReplicaMemory::Recall(const Where& where, std::string_view type,
                           Remembered* remembered) {
  // poll(2), which does not wait, under the lock: it says once that something
  // has changed, and whoever hears it has to forget before others ask.
  absl::MutexLock lock(&mu_);
  const auto found = by_type_.find(ToAbsl(type));
  if (found == by_type_.end()) return false;
  Remembered& known = found->second;
  if (known.where == where && !MountsChanged(known.mountinfo).value_or(true)) {
    remembered->plan = known.plan;
    return true;
  }
  *remembered = std::move(known);
  by_type_.erase(found);
  return false;
}

absl::StatusOr<ReplicaPlan> ReplicaMemory::Plan(pid_t init,
                                                const MountView& view,
                                                std::string_view mount_point,
                                                std::string_view type) {
  SYSBOX_ASSIGN_OR_RETURN(const Where where, Locate(view));
  Remembered old;
  if (Recall(where, type, &old)) return old.plan;
  if (!(old.where == where)) old = Remembered();
  Remembered now;
  now.where = where;
  now.mounts = MountsOver(view, mount_point, old.mounts);
  if (!now.mounts.all.empty() && now.mounts == old.mounts) {
    now.plan = old.plan;
    // What it told of came before the list.
    now.mountinfo = std::move(old.mountinfo);
  } else {
    // Opened before it is read: from here on it tells of changes.
    SYSBOX_ASSIGN_OR_RETURN(
        now.mountinfo,
        Open(fmt::format("/proc/{}/mountinfo", init), {.flags = O_RDONLY}));
    SYSBOX_ASSIGN_OR_RETURN(const std::string text, ReadAll(now.mountinfo));
    SYSBOX_ASSIGN_OR_RETURN(const std::vector<MountInfo> mounts,
                            ParseMountInfo(text));
    now.plan = std::make_shared<const std::vector<Replica>>(
        PlanReplicas(mounts, mount_point, type));
  }
  ReplicaPlan plan = now.plan;
  absl::MutexLock lock(&mu_);
  std::swap(by_type_[std::string(type)], now);
  return plan;
}

absl::Status ReplicaMemory::CheckStillIs(pid_t init, uint64_t start) {
  absl::MutexLock lock(&mu_);
  if (init_.valid() && init_.Signal(0).ok()) return absl::OkStatus();
  SYSBOX_ASSIGN_OR_RETURN(Pidfd process, OpenPidfd(init));
  SYSBOX_ASSIGN_OR_RETURN(const uint64_t found, StartTimeTicks(init));
  // Then that was its own.
  SYSBOX_RETURN_IF_ERROR(process.Signal(0));
  if (found != start) return ErrnoStatus(ESRCH, "container's init");
  init_ = std::move(process);
  return absl::OkStatus();
}

}  // namespace sysbox::trap
