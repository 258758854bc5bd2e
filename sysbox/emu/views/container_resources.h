// A container's cgroups as the resource views see them: its own, and those of
// the containers inside it, found by the caller's pid namespace, so that an
// inner container with tighter limits is told its own while a service with a
// MemoryMax sees the whole system, as on a machine. One object per container,
// thread-safe; nothing is opened before the first use, and what is held is
// directories (O_PATH), a handful.
#ifndef SYSBOX_EMU_VIEWS_CONTAINER_RESOURCES_H_
#define SYSBOX_EMU_VIEWS_CONTAINER_RESOURCES_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "sysbox/emu/container_view.h"
#include "sysbox/emu/views/host_resources.h"
#include "sysbox/emu/views/resource_group.h"
#include "sysbox/fuse/tree.h"
#include "sysbox/linux/fd.h"

namespace sysbox::emu::views {

class ContainerResources {
 public:
  // `host` outlives it.
  explicit ContainerResources(HostResources& host) : host_(host) {}

  HostResources& host() { return host_; }

  // The container's own. Before it is activated (facts.init is 0) a group
  // without limits, which is not kept.
  using Group = std::shared_ptr<ResourceGroup>;
  absl::StatusOr<Group> Own(const ContainerFacts& facts);
  // The caller's: Own() unless it is in another pid namespace than the
  // container's init. A caller that is gone, or the kernel (pid 0): Own().
  absl::StatusOr<Group> Of(const ContainerFacts& facts,
                           const fuse::Caller& caller);

 private:
  struct Inner {
    uint64_t pid_namespace = 0;  // inode
    Group group;
    int64_t found_ns = 0;
  };

  absl::StatusOr<Group> OpenGroup(pid_t process, Nesting nesting);
  Group KnownInner(uint64_t pid_namespace, int64_t now);
  absl::StatusOr<Group> FindInner(pid_t caller);
  void Remember(Inner inner);

  HostResources& host_;
  absl::Mutex mu_;
  Group own_ ABSL_GUARDED_BY(mu_);
  uint64_t own_pid_namespace_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<Inner> inner_ ABSL_GUARDED_BY(mu_);  // the oldest first
};

}  // namespace sysbox::emu::views

#endif  // SYSBOX_EMU_VIEWS_CONTAINER_RESOURCES_H_
