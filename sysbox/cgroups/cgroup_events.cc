#include "sysbox/cgroups/cgroup_events.h"

#include <sys/inotify.h>

#include <algorithm>
#include <cerrno>

#include "sysbox/base/status.h"
#include "sysbox/cgroups/control_file.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/inotify.h"

namespace sysbox::cgroups {
namespace {

absl::StatusOr<bool> HasEvent(const std::string& file, std::string_view key,
                              uint64_t value) {
  absl::StatusOr<std::string> text = ReadFile(file);
  if (ErrnoOf(text.status()) == ENOENT || ErrnoOf(text.status()) == ENODEV) {
    return key == "populated" && value == 0;
  }
  SYSBOX_RETURN_IF_ERROR(text);
  return FlatKeyedValue(*text, key) == value;
}

}  // namespace

absl::StatusOr<bool> WaitForCgroupEvent(const std::string& directory,
                                        std::string_view key, uint64_t value,
                                        absl::Duration timeout) {
  const std::string file = directory + "/cgroup.events";
  const absl::Time deadline = absl::Now() + timeout;
  // The common case needs no watch.
  SYSBOX_ASSIGN_OR_RETURN(bool reached, HasEvent(file, key, value));
  if (reached) return true;
  // Watched before it is read again, so that no change falls between.
  absl::StatusOr<Fd> watch = WatchPath(file, IN_MODIFY);
  if (ErrnoOf(watch.status()) == ENOENT) return HasEvent(file, key, value);
  SYSBOX_RETURN_IF_ERROR(watch);
  for (;;) {
    SYSBOX_ASSIGN_OR_RETURN(reached, HasEvent(file, key, value));
    if (reached) return true;
    const int64_t left = absl::ToInt64Milliseconds(deadline - absl::Now());
    if (left <= 0) return false;
    SYSBOX_RETURN_IF_ERROR(WaitReadable(*watch, static_cast<int>(left)));
    SYSBOX_RETURN_IF_ERROR(ReadWatch(*watch));
  }
}

bool BackOff::Wait() {
  const absl::Duration left = deadline_ - absl::Now();
  if (left <= absl::ZeroDuration()) return false;
  // layout: allow sleep: v1 cgroups have nothing to wait on; bounded
  absl::SleepFor(std::min(next_, left));
  next_ = std::min(next_ * 2, absl::Milliseconds(10));
  return true;
}

}  // namespace sysbox::cgroups
