// In which namespaces a call's caller is, open. Those that its container's init
// was last seen in are not opened again: what a container has over its /proc is
// in them as much as where init may have gone since.
#ifndef SYSBOX_TRAP_STANDING_H_
#define SYSBOX_TRAP_STANDING_H_

#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/known_namespace.h"
#include "sysbox/trap/call.h"
#include "sysbox/trap/init_memory.h"

namespace sysbox::trap {

// Where init is now.
absl::StatusOr<InitPlacePtr> FindInit(const Container& container);

struct Standing {
  static absl::StatusOr<Standing> Of(const TrappedCall& call);

  KnownNamespace mounts = {.fd = FdRef(-1), .id = {}, .owner = {}};
  KnownNamespace network = mounts;
  KnownNamespace pids = mounts;
  InitPlacePtr init;     // never null
  std::vector<Fd> open;  // of what is not init's
};

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_STANDING_H_
