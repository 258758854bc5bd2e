// `exec --cgroup`: cgroups below the container's own. Pure.
#ifndef SYSBOX_RUNTIME_SUB_CGROUPS_H_
#define SYSBOX_RUNTIME_SUB_CGROUPS_H_

#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace sysbox::runtime {

// The directories a process goes to, by controller, "" being the unified one.
// `paths` are the container's (oci::StateFile::cgroup_paths). What it sees as
// its root there is PATH/`v1_child`, on cgroup v2 alone PATH; `wanted` counts
// from that: one "PATH" for all, or "CONTROLLER[,CONTROLLER…]:PATH" each, as
// runc has it. Controllers not named stay at the processes' usual place.
// InvalidArgument in runc's words.
absl::StatusOr<std::map<std::string, std::string>> SubCgroups(
    const std::map<std::string, std::string>& paths, std::string_view v1_child,
    absl::Span<const std::string> wanted);

}  // namespace sysbox::runtime

#endif  // SYSBOX_RUNTIME_SUB_CGROUPS_H_
