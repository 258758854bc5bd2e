// Wall-clock time as text. Nothing here reads timers or sleeps.
#ifndef SYSBOX_BASE_TIME_H_
#define SYSBOX_BASE_TIME_H_

#include <string>

#include "absl/time/time.h"

namespace sysbox {

// RFC 3339 in UTC with nanoseconds, as in runc's state.json:
// "2024-03-01T09:30:00.123456789Z".
std::string FormatRfc3339(absl::Time time);

}  // namespace sysbox

#endif  // SYSBOX_BASE_TIME_H_
