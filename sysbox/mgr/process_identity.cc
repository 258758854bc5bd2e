#include "sysbox/mgr/process_identity.h"

#include <cerrno>

#include "sysbox/base/status.h"

namespace sysbox::mgr {

absl::StatusOr<ProcessIdentity> IdentityOf(pid_t pid) {
  SYSBOX_ASSIGN_OR_RETURN(uint64_t start_ticks, StartTimeTicks(pid));
  return ProcessIdentity{pid, start_ticks};
}

absl::StatusOr<std::optional<Pidfd>> Pin(const ProcessIdentity& process) {
  if (process.pid <= 0) return std::nullopt;
  // The descriptor first: it pins the process whose start time is read.
  absl::StatusOr<Pidfd> pidfd = OpenPidfd(process.pid);
  if (ErrnoOf(pidfd.status()) == ESRCH) return std::nullopt;
  SYSBOX_RETURN_IF_ERROR(pidfd);
  absl::StatusOr<uint64_t> start_ticks = StartTimeTicks(process.pid);
  if (ErrnoOf(start_ticks.status()) == ESRCH) return std::nullopt;
  SYSBOX_RETURN_IF_ERROR(start_ticks);
  if (*start_ticks != process.start_ticks || !pidfd->Alive()) {
    return std::nullopt;
  }
  return *std::move(pidfd);
}

bool IsAlive(const ProcessIdentity& process) {
  auto pinned = Pin(process);
  return !pinned.ok() || pinned->has_value();
}

}  // namespace sysbox::mgr
