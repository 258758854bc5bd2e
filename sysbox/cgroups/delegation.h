// Handing a cgroup directory to the container: only the files by which one
// manages the cgroups below, never those with limits (cgroups(7),
// "Delegation").
#ifndef SYSBOX_CGROUPS_DELEGATION_H_
#define SYSBOX_CGROUPS_DELEGATION_H_

#include <sys/types.h>

#include <string_view>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"

namespace sysbox::cgroups {

// The delegated child's name: on v1, and in the unified tree of a v1 host.
inline constexpr std::string_view kV1Child = "syscont-cgroup-root";
// On pure v2: where the container's init starts.
inline constexpr std::string_view kV2Leaf = "init.scope";

struct Owner {
  uid_t uid;
  gid_t gid;
};

// Gives `name` in `parent` ("." is parent itself) and its managing files.
absl::Status GiveV1Cgroup(FdRef parent, std::string_view name, Owner owner);
absl::Status GiveV2Cgroup(FdRef parent, std::string_view name, Owner owner);

}  // namespace sysbox::cgroups

#endif  // SYSBOX_CGROUPS_DELEGATION_H_
