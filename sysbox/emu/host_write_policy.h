// What of the host a container may change, if the administrator says so: the
// value of --allow-host-writes. Pure.
#ifndef SYSBOX_EMU_HOST_WRITE_POLICY_H_
#define SYSBOX_EMU_HOST_WRITE_POLICY_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace sysbox::emu {

// Paths of rows, sorted.
using HostWritePolicy = std::vector<std::string_view>;

// `list` names values, separated by commas: as sysctl(8) does
// ("fs.inotify.max_user_watches"), a group of them by how their names begin
// ("fs.inotify", "net"), a path ("/sys/module/nf_conntrack"), or "all". A name
// of nothing that may reach the host (NODES.md) is InvalidArgument.
absl::StatusOr<HostWritePolicy> ParseHostWritePolicy(std::string_view list);

}  // namespace sysbox::emu

#endif  // SYSBOX_EMU_HOST_WRITE_POLICY_H_
