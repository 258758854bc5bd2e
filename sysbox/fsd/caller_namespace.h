// The namespace of a container's caller, opened, having made sure that it is
// the container's to see: a request names its caller by a pid, and by the time
// it is answered that may be another process's, even one of the host.
#ifndef SYSBOX_FSD_CALLER_NAMESPACE_H_
#define SYSBOX_FSD_CALLER_NAMESPACE_H_

#include "absl/status/statusor.h"
#include "sysbox/fuse/tree.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/registry/container_registry.h"

namespace sysbox::fsd {

enum class Access {
  kRead,   // also one that is not ours and that the container's init joined
  kWrite,  // only what belongs to the container's user namespace or to one
           // inside it
};

// Where this process lives.
struct Home {
  NamespaceType type;
  FdRef fd;
  NamespaceId id;
};

struct CallerNamespace {
  Fd fd;
  NamespaceId id;
};

// Of the thread that asks; of the container's init when the kernel itself
// does (pid 0). ESRCH if the caller is gone, EPERM if the namespace is not the
// container's. Before the container is activated only our own init asks: any
// namespace will do then that is not ours.
absl::StatusOr<CallerNamespace> OpenCallerNamespace(
    const registry::Container& container, const fuse::Caller& caller,
    const Home& home, Access access);

}  // namespace sysbox::fsd

#endif  // SYSBOX_FSD_CALLER_NAMESPACE_H_
