#include "sysbox/trap/replica_memory.h"

#include <string>
#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
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

ReplicaMemory::Remembered ReplicaMemory::Recall(const InitPlacePtr& place,
                                                std::string_view type) {
  absl::MutexLock lock(&mu_);
  const auto found = by_type_.find(ToAbsl(type));
  if (found == by_type_.end() || found->second.place != place) return {};
  return found->second;
}

void ReplicaMemory::Remember(std::string_view type, Remembered now) {
  absl::flat_hash_map<std::string, Remembered> gone;  // outside the lock
  absl::MutexLock lock(&mu_);
  // A place is not kept for what is never asked for again.
  for (auto& [other, remembered] : by_type_) {
    if (remembered.place != now.place) std::swap(gone[other], remembered);
  }
  std::swap(by_type_[std::string(type)], now);
}

absl::StatusOr<ReplicaPlan> ReplicaMemory::Plan(const InitPlacePtr& place,
                                                FdRef base,
                                                std::string_view mount_point,
                                                std::string_view type) {
  // Asked before anything is looked at: what comes after makes it another.
  const uint64_t generation = place->watch->Generation();
  const Remembered old = Recall(place, type);
  if (old.plan != nullptr && old.generation == generation) return old.plan;
  Remembered now = {.place = place,
                    .generation = generation,
                    .mounts = MountsOver(*place, base, old.mounts),
                    .plan = nullptr};
  if (!now.mounts.all.empty() && now.mounts == old.mounts) {
    now.plan = old.plan;
  } else {
    SYSBOX_ASSIGN_OR_RETURN(const std::vector<MountInfo> mounts,
                            place->watch->Read());
    now.plan = std::make_shared<const std::vector<Replica>>(
        PlanReplicas(mounts, mount_point, type));
  }
  ReplicaPlan plan = now.plan;
  Remember(type, std::move(now));
  return plan;
}

}  // namespace sysbox::trap
