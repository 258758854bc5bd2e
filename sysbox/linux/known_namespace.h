// An open namespace with what never changes of it, asked for once.
#ifndef SYSBOX_LINUX_KNOWN_NAMESPACE_H_
#define SYSBOX_LINUX_KNOWN_NAMESPACE_H_

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/namespaces.h"

namespace sysbox {

struct KnownNamespace {
  FdRef fd;
  NamespaceId id;
  NamespaceId owner;  // the user namespace that owns it
};
// Borrows `ns`. EPERM when its owner lies outside the caller's user namespace.
absl::StatusOr<KnownNamespace> Know(FdRef ns);

}  // namespace sysbox

#endif  // SYSBOX_LINUX_KNOWN_NAMESPACE_H_
