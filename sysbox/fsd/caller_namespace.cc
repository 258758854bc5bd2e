#include "sysbox/fsd/caller_namespace.h"

#include <cerrno>

#include "sysbox/base/status.h"

namespace sysbox::fsd {
namespace {

absl::StatusOr<Fd> OpenNamespaceOf(pid_t pid, NamespaceType type) {
  absl::StatusOr<Fd> ns = OpenNamespace(pid, type);
  if (ErrnoOf(ns.status()) == ENOENT) {
    return ErrnoStatus(ESRCH, fmt::format("process {}", pid));
  }
  return ns;
}

// Whether `ns` is owned by `ancestor` or by a user namespace inside it.
bool IsOwnedBelow(FdRef ns, const NamespaceId& ancestor) {
  absl::StatusOr<Fd> owner = OwningUserNamespace(ns);
  while (owner.ok()) {
    const absl::StatusOr<NamespaceId> id = IdOf(*owner);
    if (!id.ok()) return false;
    if (*id == ancestor) return true;
    owner = OwningUserNamespace(*owner);  // the parent; EPERM above our own
  }
  return false;
}

bool IsInitsOwn(const NamespaceId& id, pid_t init, NamespaceType type) {
  const absl::StatusOr<Fd> inits = OpenNamespace(init, type);
  if (!inits.ok()) return false;
  const absl::StatusOr<NamespaceId> inits_id = IdOf(*inits);
  return inits_id.ok() && *inits_id == id;
}

bool IsContainers(const registry::ContainerInit& init,
                  const CallerNamespace& ns, const Home& home, Access access) {
  if (ns.id == home.id) return false;
  if (init.pid == 0 || IsOwnedBelow(ns.fd, init.user_namespace)) return true;
  return access == Access::kRead && IsInitsOwn(ns.id, init.pid, home.type);
}

}  // namespace

absl::StatusOr<CallerNamespace> OpenCallerNamespace(
    const registry::Container& container, const fuse::Caller& caller,
    const Home& home, Access access) {
  const registry::ContainerInit init = container.init();
  const pid_t pid = caller.pid > 0 ? caller.pid : init.pid;
  if (pid == 0) return ErrnoStatus(ESRCH, "a container without an init");
  CallerNamespace ns;
  SYSBOX_ASSIGN_OR_RETURN(ns.fd, OpenNamespaceOf(pid, home.type));
  SYSBOX_ASSIGN_OR_RETURN(ns.id, IdOf(ns.fd));
  if (IsContainers(init, ns, home, access)) return ns;
  return ErrnoStatus(EPERM, fmt::format("{} namespace of process {}",
                                        ProcName(home.type), pid));
}

}  // namespace sysbox::fsd
