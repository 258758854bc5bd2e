// Where a container's init has its mounts, its network and its root, opened,
// and remembered from one call to the next: as long as it is still the same
// process, in the same namespaces, with the same root.
#ifndef SYSBOX_TRAP_INIT_MEMORY_H_
#define SYSBOX_TRAP_INIT_MEMORY_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/known_namespace.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/linux/process.h"
#include "sysbox/linux/seen_file.h"

namespace sysbox::trap {

struct InitPlace {
  KnownNamespace mounts = {.fd = FdRef(-1), .id = {}, .owner = {}};
  KnownNamespace network = mounts;
  KnownNamespace pids = mounts;
  FdRef root = FdRef(-1);
  uint64_t mounts_number = 0;  // NumberOfMountNamespace; 0: the kernel has none
  std::vector<Fd> open;        // of all that
};
using InitPlacePtr = std::shared_ptr<const InitPlace>;

// Thread-safe.
class InitMemory {
 public:
  // The same pointer as long as init has stayed where it was. ESRCH, unless
  // `init` is the process that began at `start` (StartTimeTicks).
  absl::StatusOr<InitPlacePtr> Place(pid_t init, uint64_t start);
  // Where it was the last time; null if nobody has asked.
  InitPlacePtr LastPlace();
  // What was opened by its number until now was its own: else ESRCH.
  absl::Status CheckStillIs(pid_t init, uint64_t start);

 private:
  // What may change in the life of a process.
  struct Where {
    NamespaceId mounts;
    NamespaceId network;
    SeenFile root;
    friend bool operator==(const Where&, const Where&) = default;
  };
  static absl::StatusOr<Where> Look(pid_t init);
  static absl::StatusOr<InitPlace> Open(pid_t init);

  absl::Mutex mu_;
  Pidfd init_ ABSL_GUARDED_BY(mu_);
  Where where_ ABSL_GUARDED_BY(mu_);
  InitPlacePtr place_ ABSL_GUARDED_BY(mu_);  // of where_
};

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_INIT_MEMORY_H_
