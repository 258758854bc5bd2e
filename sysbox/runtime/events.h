// `events`: a container's usage numbers and its running out of memory, as
// JSON lines in the form of runc's types.Event.
#ifndef SYSBOX_RUNTIME_EVENTS_H_
#define SYSBOX_RUNTIME_EVENTS_H_

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sysbox/cgroups/stats.h"
#include "sysbox/runtime/container.h"

namespace sysbox::runtime {

// One line each, without the line end. Pure.
std::string StatsEvent(std::string_view id, const cgroups::Stats& stats);
std::string OomEvent(std::string_view id);

// A line of statistics as of now.
absl::StatusOr<std::string> ReadStatsEvent(const Container& container);

// Gives `write` a line of statistics every `interval`, the first one after
// one, and a line whenever the kernel ran out of the container's memory. Ends
// with the container, or with `write`'s error.
absl::Status WatchEvents(
    const Container& container, absl::Duration interval,
    const std::function<absl::Status(std::string_view line)>& write);

}  // namespace sysbox::runtime

#endif  // SYSBOX_RUNTIME_EVENTS_H_
