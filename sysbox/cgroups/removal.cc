#include "sysbox/cgroups/removal.h"

#include <cerrno>

#include "absl/time/clock.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/cgroups/cgroup_events.h"
#include "sysbox/cgroups/cgroup_tree.h"
#include "sysbox/linux/file.h"

namespace sysbox::cgroups {
namespace {

// The first EBUSY, after trying all; any other error at once.
absl::Status RemoveAll(const std::vector<Place>& places,
                       std::string_view child) {
  absl::Status busy;
  for (const Place& place : places) {
    if (!child.empty()) {
      (void)RemoveDirectory(fmt::format("{}/{}", place.path, child));
    }
    absl::Status status = RemoveCgroup(place.path);
    if (!status.ok() && ErrnoOf(status) != EBUSY) return status;
    busy.Update(status);
  }
  return busy;
}

}  // namespace

absl::Status RemovePlaces(const std::vector<Place>& places,
                          std::string_view child, absl::Duration limit) {
  const absl::Time deadline = absl::Now() + limit;
  BackOff back_off(limit);
  for (;;) {
    const absl::Status status = RemoveAll(places, child);
    if (ErrnoOf(status) != EBUSY) return status;
    for (const Place& place : places) {
      // A dead process leaves all hierarchies at once, so this event tells
      // for v1 as well.
      if (!place.unified() || !Exists(place.path)) continue;
      SYSBOX_RETURN_IF_ERROR(WaitForCgroupEvent(place.path, "populated", 0,
                                                deadline - absl::Now()));
    }
    if (!back_off.Wait()) return Annotate(status, "container has processes");
  }
}

}  // namespace sysbox::cgroups
