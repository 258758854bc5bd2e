// emu::KernelFiles of one container: the host's procfs and sysfs, seen from
// the caller's network, ipc or uts namespace. The calling thread goes there
// and comes back; no other thread, process or fork is involved.
#ifndef SYSBOX_FSD_KERNEL_FILES_H_
#define SYSBOX_FSD_KERNEL_FILES_H_

#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "sysbox/emu/container_view.h"
#include "sysbox/fsd/caller_namespace.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/registry/container_registry.h"

namespace sysbox::fsd {

// The namespaces this process lives in, to come back to.
class HomeNamespaces {
 public:
  static absl::StatusOr<HomeNamespaces> Open();
  // Of the three a thread may leave alone: network, ipc, uts.
  Home Of(NamespaceType type) const;

 private:
  HomeNamespaces() = default;
  struct Place {
    Fd fd;
    NamespaceId id;
  };
  static absl::StatusOr<Place> OpenOwn(NamespaceType type);

  Place network_, ipc_, uts_;
};

// `home` and `container` outlive it. User and pid scope: EOPNOTSUPP, a thread
// cannot enter those.
std::unique_ptr<emu::KernelFiles> MakeKernelFiles(
    const HomeNamespaces& home, const registry::Container& container);

}  // namespace sysbox::fsd

#endif  // SYSBOX_FSD_KERNEL_FILES_H_
