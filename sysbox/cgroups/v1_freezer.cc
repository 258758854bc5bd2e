#include "sysbox/cgroups/v1_freezer.h"

#include <cerrno>
#include <string>
#include <string_view>

#include "sysbox/base/status.h"
#include "sysbox/cgroups/cgroup_events.h"
#include "sysbox/cgroups/cgroup_tree.h"
#include "sysbox/cgroups/control_file.h"
#include "sysbox/linux/file.h"

namespace sysbox::cgroups {
namespace {

constexpr std::string_view kState = "freezer.state";
// A process in vfork(2) or ptrace may hold the freezing up until others run
// again: every so many waits everything may run for a moment.
constexpr int kWaitsPerThaw = 12;

}  // namespace

absl::Status FreezeV1(FdRef directory, absl::Duration limit) {
  BackOff back_off(limit);
  for (int waits = 0;; ++waits) {
    // Written each time: it also catches processes that came meanwhile.
    SYSBOX_RETURN_IF_ERROR(WriteExistingAt(directory, kState, "FROZEN"));
    SYSBOX_ASSIGN_OR_RETURN(const std::string state,
                            ReadTextAt(directory, kState));
    if (state == "FROZEN") return absl::OkStatus();
    if (waits % kWaitsPerThaw == kWaitsPerThaw - 1) {
      SYSBOX_RETURN_IF_ERROR(WriteExistingAt(directory, kState, "THAWED"));
    }
    if (!back_off.Wait()) break;
  }
  SYSBOX_RETURN_IF_ERROR(ThawV1(directory));
  return absl::DeadlineExceededError("freeze: some processes do not freeze");
}

absl::Status ThawV1(FdRef directory) {
  return WriteExistingAt(directory, kState, "THAWED");
}

absl::Status ThawV1Tree(FdRef directory) {
  TreeVisitor visitor;
  visitor.enter = [](FdRef below) {
    const absl::Status status = ThawV1(below);
    const int error = ErrnoOf(status);
    return error == ENOENT || error == ENODEV ? absl::OkStatus() : status;
  };
  return WalkCgroups(directory, visitor);
}

absl::StatusOr<bool> IsFrozenV1(FdRef directory) {
  SYSBOX_ASSIGN_OR_RETURN(const std::string state,
                          ReadTextAt(directory, kState));
  return state != "THAWED";
}

}  // namespace sysbox::cgroups
