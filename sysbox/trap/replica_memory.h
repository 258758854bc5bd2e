// What lies over a container's own procfs and sysfs, remembered from one call
// to the next: as long as it is seen from the same place, and no mount there
// has changed, which the kernel tells (poll(2) of mountinfo), or none over that
// file system has come or gone, and none of that file system itself has become
// read-only (listmount(2), statmount(2)). That one was moved to another place
// on it none of these tells, and it is missed until the next comes or goes. How
// far a mount propagates is not remembered.
#ifndef SYSBOX_TRAP_REPLICA_MEMORY_H_
#define SYSBOX_TRAP_REPLICA_MEMORY_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/mount_list.h"
#include "sysbox/trap/init_memory.h"
#include "sysbox/trap/replicas.h"

namespace sysbox::trap {

using ReplicaPlan = std::shared_ptr<const std::vector<Replica>>;

// Thread-safe.
class ReplicaMemory {
 public:
  // PlanReplicas of what is seen from `place`. `base` is what lies at
  // `mount_point` there.
  absl::StatusOr<ReplicaPlan> Plan(const InitPlacePtr& place, FdRef base,
                                   std::string_view mount_point,
                                   std::string_view type);

 private:
  struct Listed {
    std::vector<uint64_t> all;     // empty: the kernel does not say
    std::vector<ListedMount> own;  // of the file system itself
    friend bool operator==(const Listed&, const Listed&) = default;
  };
  struct Remembered {
    InitPlacePtr place;
    uint64_t generation = 0;  // of its watch
    Listed mounts;
    ReplicaPlan plan;
  };
  static Listed MountsOver(const InitPlace& place, FdRef base,
                           const Listed& known);
  // Of that place; nothing if it is another's.
  Remembered Recall(const InitPlacePtr& place, std::string_view type);
  void Remember(std::string_view type, Remembered now);

  absl::Mutex mu_;
  absl::flat_hash_map<std::string, Remembered> by_type_ ABSL_GUARDED_BY(mu_);
};

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_REPLICA_MEMORY_H_
