#include "sysbox/emu/views/container_resources.h"

#include <fcntl.h>

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/clock.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/pid_namespace.h"

namespace sysbox::emu::views {
namespace {

// A namespace's inode number may be used again, and processes move between
// cgroups: what was found out about an inner container is looked up again
// after this time.
constexpr int64_t kInnerFreshNs = 1'000'000'000;
constexpr size_t kMostInner = 16;

}  // namespace

absl::StatusOr<ContainerResources::Group> ContainerResources::Own(
    const ContainerFacts& facts) {
  if (facts.init == 0) return std::make_shared<ResourceGroup>();
  {
    absl::MutexLock lock(&mu_);
    if (own_) return own_;
  }
  SYSBOX_ASSIGN_OR_RETURN(Group group,
                          OpenGroup(facts.init, Nesting::kContainer));
  const uint64_t pid_namespace =
      host_.pid_namespaces().Ask(facts.init).value_or(0);
  absl::MutexLock lock(&mu_);
  if (!own_) {
    own_ = std::move(group);
    own_pid_namespace_ = pid_namespace;
  }
  return own_;
}

absl::StatusOr<ContainerResources::Group> ContainerResources::Of(
    const ContainerFacts& facts, const fuse::Caller& caller) {
  SYSBOX_ASSIGN_OR_RETURN(Group own, Own(facts));
  if (caller.pid == 0 || facts.init == 0) return own;
  const int64_t now = BoottimeNs();
  const std::optional<uint64_t> ns = host_.pid_namespaces().Of(caller.pid, now);
  {
    absl::MutexLock lock(&mu_);
    if (!ns || *ns == own_pid_namespace_) return own;
  }
  if (Group known = KnownInner(*ns, now)) return known;
  absl::StatusOr<Group> found = FindInner(caller.pid);
  if (!found.ok()) return own;  // it is gone
  if ((*found)->name() == own->name()) *found = own;
  Remember({*ns, *found, now});
  return found;
}

absl::StatusOr<ContainerResources::Group> ContainerResources::OpenGroup(
    pid_t process, Nesting nesting) {
  SYSBOX_ASSIGN_OR_RETURN(auto hierarchies, host_.hierarchies());
  SYSBOX_ASSIGN_OR_RETURN(
      const std::string cgroups,
      ReadFile(fmt::format("{}/{}/cgroup", host_.proc(), process)));
  auto group = std::make_shared<ResourceGroup>();
  SYSBOX_RETURN_IF_ERROR(group->Open(*hierarchies, cgroups, nesting),
                         "cgroups of process {}", process);
  return group;
}

ContainerResources::Group ContainerResources::KnownInner(uint64_t pid_namespace,
                                                         int64_t now) {
  absl::MutexLock lock(&mu_);
  for (const Inner& inner : inner_) {
    if (inner.pid_namespace != pid_namespace) continue;
    return now - inner.found_ns < kInnerFreshNs ? inner.group : nullptr;
  }
  return nullptr;
}

absl::StatusOr<ContainerResources::Group> ContainerResources::FindInner(
    pid_t caller) {
  SYSBOX_ASSIGN_OR_RETURN(
      const Fd ns, Open(fmt::format("{}/{}/ns/pid", host_.proc(), caller),
                        {.flags = O_RDONLY}));
  // Before Linux 6.11 the caller's own cgroup has to do.
  const pid_t init = InitOfPidNamespace(ns).value_or(caller);
  return OpenGroup(init, Nesting::kInner);
}

void ContainerResources::Remember(Inner inner) {
  absl::MutexLock lock(&mu_);
  const auto known =
      std::find_if(inner_.begin(), inner_.end(), [&inner](const Inner& other) {
        return other.pid_namespace == inner.pid_namespace;
      });
  if (known != inner_.end()) {
    // The same cgroups again: what was remembered of them goes on.
    if (known->group->name() == inner.group->name()) {
      inner.group = std::move(known->group);
    }
    inner_.erase(known);
  }
  if (inner_.size() == kMostInner) inner_.erase(inner_.begin());
  inner_.push_back(std::move(inner));
}

}  // namespace sysbox::emu::views
