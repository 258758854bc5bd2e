// What lies over a container's own procfs and sysfs, remembered from one call
// to the next: as long as its init is in the same mount namespace with the same
// root, and no mount there has changed, which the kernel tells (poll(2) of
// mountinfo), or none over that file system has come or gone, and none of that
// file system itself has become read-only (listmount(2), statmount(2)). That
// one was moved to another place on it none of these tells, and it is missed
// until the next comes or goes. How far a mount propagates is not remembered.
#ifndef SYSBOX_TRAP_REPLICA_MEMORY_H_
#define SYSBOX_TRAP_REPLICA_MEMORY_H_

#include <sys/types.h>

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
#include "sysbox/linux/namespaces.h"
#include "sysbox/linux/process.h"
#include "sysbox/trap/replicas.h"

namespace sysbox::trap {

using ReplicaPlan = std::shared_ptr<const std::vector<Replica>>;

// From where a process sees mounts.
struct MountView {
  FdRef mount_namespace;
  FdRef root;
};

// Thread-safe.
class ReplicaMemory {
 public:
  // PlanReplicas of what `init`, which has `view`, sees. To be checked
  // afterwards: CheckStillIs.
  absl::StatusOr<ReplicaPlan> Plan(pid_t init, const MountView& view,
                                   std::string_view mount_point,
                                   std::string_view type);
  // ESRCH, unless `init` is the process that began at `start`
  // (StartTimeTicks): what was opened by its number until now was its own.
  absl::Status CheckStillIs(pid_t init, uint64_t start);

 private:
  // What a mountinfo depends on.
  struct Where {
    NamespaceId mount_namespace;
    uint64_t root_mount = 0;
    uint64_t root_inode = 0;
    friend bool operator==(const Where&, const Where&) = default;
  };
  struct Listed {
    std::vector<uint64_t> all;     // empty: the kernel does not say
    std::vector<ListedMount> own;  // of the file system itself
    friend bool operator==(const Listed&, const Listed&) = default;
  };
  struct Remembered {
    Where where;
    Fd mountinfo;
    Listed mounts;
    ReplicaPlan plan;
  };
  static absl::StatusOr<Where> Locate(const MountView& view);
  static Listed MountsOver(const MountView& view, std::string_view mount_point,
                           const Listed& known);
  // True: what is in `remembered` is all true. Else it may be.
  bool Recall(const Where& where, std::string_view type,
              Remembered* remembered);

  absl::Mutex mu_;
  Pidfd init_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_map<std::string, Remembered> by_type_ ABSL_GUARDED_BY(mu_);
};

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_REPLICA_MEMORY_H_
