#include "sysbox/cgroups/delegation.h"

#include <cerrno>

#include "absl/types/span.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"

namespace sysbox::cgroups {
namespace {

constexpr std::string_view kV1Files[] = {"cgroup.procs", "tasks"};
// /sys/kernel/cgroup/delegate without the controllers' own files.
constexpr std::string_view kV2Files[] = {
    "cgroup.procs", "cgroup.subtree_control", "cgroup.threads"};

absl::Status Give(FdRef parent, std::string_view name,
                  absl::Span<const std::string_view> files, Owner owner) {
  SYSBOX_RETURN_IF_ERROR(ChangeOwnerAt(parent, name, owner.uid, owner.gid),
                         "delegate cgroup");
  for (std::string_view file : files) {
    const absl::Status status = ChangeOwnerAt(
        parent, fmt::format("{}/{}", name, file), owner.uid, owner.gid);
    // Absent in a threaded cgroup and on older kernels.
    if (ErrnoOf(status) == ENOENT) continue;
    SYSBOX_RETURN_IF_ERROR(status, "delegate cgroup");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status GiveV1Cgroup(FdRef parent, std::string_view name, Owner owner) {
  return Give(parent, name, kV1Files, owner);
}

absl::Status GiveV2Cgroup(FdRef parent, std::string_view name, Owner owner) {
  return Give(parent, name, kV2Files, owner);
}

}  // namespace sysbox::cgroups
