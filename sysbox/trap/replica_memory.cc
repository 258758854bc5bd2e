#include "sysbox/trap/replica_memory.h"

#include <fcntl.h>

#include <string>
#include <utility>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount_info.h"

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
    const std::vector<uint64_t>& ids, uint64_t ns) {
  SYSBOX_ASSIGN_OR_RETURN(std::vector<ListedMount> mounts,
                          DescribeMounts(ids, ns));
  const uint64_t device = mounts.front().device;
  std::erase_if(mounts, [device](const ListedMount& mount) {
    return mount.device != device;
  });
  return mounts;
}

}  // namespace

ReplicaMemory::Listed ReplicaMemory::MountsOver(const InitPlace& place,
                                                FdRef base,
                                                const Listed& known) {
  const uint64_t ns = place.mounts_number;
  if (ns == 0) return Listed();
  const auto list = [&]() -> absl::StatusOr<Listed> {
    Listed now;
    SYSBOX_ASSIGN_OR_RETURN(now.all, ListMountsOn(base, ns));
    SYSBOX_ASSIGN_OR_RETURN(now.own, now.all == known.all
                                         ? DescribeMounts(IdsOf(known.own), ns)
                                         : DescribeOwn(now.all, ns));
    return now;
  };
  return list().value_or(Listed());
}

bool ReplicaMemory::Recall(const InitPlacePtr& place, std::string_view type,
                           Remembered* remembered) {
  // poll(2), which does not wait, under the lock: it says once that something
  // has changed, and whoever hears it has to forget before others ask.
  absl::MutexLock lock(&mu_);
  const auto found = by_type_.find(ToAbsl(type));
  if (found == by_type_.end()) return false;
  Remembered& known = found->second;
  if (known.place == place && !MountsChanged(known.mountinfo).value_or(true)) {
    remembered->plan = known.plan;
    return true;
  }
  *remembered = std::move(known);
  by_type_.erase(found);
  return false;
}

absl::StatusOr<ReplicaPlan> ReplicaMemory::Plan(pid_t init,
                                                const InitPlacePtr& place,
                                                FdRef base,
                                                std::string_view mount_point,
                                                std::string_view type) {
  Remembered old;
  if (Recall(place, type, &old)) return old.plan;
  if (old.place != place) old = Remembered();
  Remembered now;
  now.place = place;
  now.mounts = MountsOver(*place, base, old.mounts);
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

}  // namespace sysbox::trap
