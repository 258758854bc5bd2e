// Names a process for good: its pid and when it started. Survives in a file
// what a pidfd cannot: the death of whoever held it. Not over a reboot.
#ifndef SYSBOX_MGR_PROCESS_IDENTITY_H_
#define SYSBOX_MGR_PROCESS_IDENTITY_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "sysbox/linux/process.h"

namespace sysbox::mgr {

struct ProcessIdentity {
  pid_t pid = 0;  // 0: nobody
  uint64_t start_ticks = 0;
  friend bool operator==(const ProcessIdentity&,
                         const ProcessIdentity&) = default;
};

absl::StatusOr<ProcessIdentity> IdentityOf(pid_t pid);  // ESRCH if none

// A pidfd of it; nullopt for nobody, for a zombie, and when the pid is another
// process's by now.
absl::StatusOr<std::optional<Pidfd>> Pin(const ProcessIdentity& process);

// Likewise. True when it cannot be told: ids in use must never be given away.
bool IsAlive(const ProcessIdentity& process);

}  // namespace sysbox::mgr

#endif  // SYSBOX_MGR_PROCESS_IDENTITY_H_
