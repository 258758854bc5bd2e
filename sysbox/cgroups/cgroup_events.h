// Waiting for cgroups: on v2's event files through inotify; on v1, which
// tells nobody, in short waits of growing length.
#ifndef SYSBOX_CGROUPS_CGROUP_EVENTS_H_
#define SYSBOX_CGROUPS_CGROUP_EVENTS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace sysbox::cgroups {

// Waits until `key` in `directory`/cgroup.events is `value` ("populated" 0,
// "frozen" 1). False after `timeout`. A removed cgroup counts as not
// populated.
absl::StatusOr<bool> WaitForCgroupEvent(const std::string& directory,
                                        std::string_view key, uint64_t value,
                                        absl::Duration timeout);

// Bounded short waits: 20 µs, doubling up to 10 ms. v1 has neither an event
// for freezer.state nor one for a cgroup that became empty
// (notify_on_release runs a program on the host), so time is all there is.
class BackOff {
 public:
  explicit BackOff(absl::Duration limit) : deadline_(absl::Now() + limit) {}
  // Sleeps a little; false, at once, after the limit.
  bool Wait();

 private:
  absl::Time deadline_;
  absl::Duration next_ = absl::Microseconds(20);
};

}  // namespace sysbox::cgroups

#endif  // SYSBOX_CGROUPS_CGROUP_EVENTS_H_
