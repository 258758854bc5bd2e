#include "sysbox/linux/known_namespace.h"

#include "sysbox/base/status.h"

namespace sysbox {

absl::StatusOr<KnownNamespace> Know(FdRef ns) {
  KnownNamespace known = {.fd = ns, .id = {}, .owner = {}};
  SYSBOX_ASSIGN_OR_RETURN(known.id, IdOf(ns));
  SYSBOX_ASSIGN_OR_RETURN(const Fd owner, OwningUserNamespace(ns));
  SYSBOX_ASSIGN_OR_RETURN(known.owner, IdOf(owner));
  return known;
}

}  // namespace sysbox
