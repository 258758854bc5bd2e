// cgroup v1's cpuset: a directory starts without cpus and mems, and nothing
// can join it until it has both; a child's must lie within its parent's.
#ifndef SYSBOX_CGROUPS_V1_CPUSET_H_
#define SYSBOX_CGROUPS_V1_CPUSET_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "sysbox/linux/fd.h"

namespace sysbox::cgroups {

struct CpusetValues {
  std::string cpus;  // "0-3,8"; "" is unset
  std::string mems;
};

// Gives `path` (below `mount_point`) its cpus and mems: those of `wanted`,
// else the parent's. Parents that have none yet are given theirs first.
// `*given` is what it has afterwards. `created` saves reading what a new
// directory cannot have.
absl::Status InitializeCpuset(const std::string& path,
                              std::string_view mount_point, bool created,
                              const CpusetValues& wanted, CpusetValues* given);

// Changes what is set in `wanted` for `directory` and the delegated child
// `child` in it (invalid: none). Cgroups below that stand in the way of a
// smaller set are narrowed to their share of it. On error all is as it was.
absl::Status UpdateCpuset(FdRef directory, FdRef child,
                          const CpusetValues& wanted);

// "0-2,7" without what is not in `within`; "" when nothing is left or either
// is malformed.
std::string IntersectCpuList(std::string_view list, std::string_view within);

}  // namespace sysbox::cgroups

#endif  // SYSBOX_CGROUPS_V1_CPUSET_H_
