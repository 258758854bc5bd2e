// Where a container's init has its mounts, its network and its root, opened,
// and remembered from one call to the next.
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
#include "sysbox/linux/mount_watch.h"
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
  std::unique_ptr<MountWatch> watch;  // of what is seen from there
  std::vector<Fd> open;               // all of them
};
using InitPlacePtr = std::shared_ptr<const InitPlace>;

// Thread-safe.
class InitMemory {
 public:
  // The same pointer as long as init has stayed where it was. ESRCH, unless
  // `init` is the process that began at `start` (StartTimeTicks); EAGAIN if it
  // does not stay anywhere.
  absl::StatusOr<InitPlacePtr> Place(pid_t init, uint64_t start);
  // Where it was the last time; null if nobody has asked.
  InitPlacePtr LastPlace();

 private:
  // What may change in the life of a process.
  struct Where {
    NamespaceId mounts;
    NamespaceId network;
    SeenFile root;
    friend bool operator==(const Where&, const Where&) = default;
  };
  static absl::StatusOr<Where> Look(pid_t init);
  static absl::StatusOr<Where> WhereIs(const InitPlace& place);
  static absl::StatusOr<InitPlace> Open(pid_t init);
  InitPlacePtr Recall(const Where& where);
  // What was opened by its number until now was its own: else ESRCH.
  absl::Status CheckStillIs(pid_t init, uint64_t start);

  absl::Mutex mu_;
  Pidfd init_ ABSL_GUARDED_BY(mu_);
  Where where_ ABSL_GUARDED_BY(mu_);
  InitPlacePtr place_ ABSL_GUARDED_BY(mu_);  // of where_
};

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_INIT_MEMORY_H_
