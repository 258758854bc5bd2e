// Limits, names and other attributes, of the calling process if none is named.
// prctl(2), prlimit(2), keyctl(2), uts_namespaces(7), personality(2), sched(7).
#ifndef SYSBOX_LINUX_PROCESS_ATTRIBUTES_H_
#define SYSBOX_LINUX_PROCESS_ATTRIBUTES_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace sysbox {

absl::Status SetNoNewPrivileges();  // PR_SET_NO_NEW_PRIVS

// prlimit(2). `resource` is RLIMIT_*.
absl::Status SetResourceLimit(pid_t pid, int resource, uint64_t soft,
                              uint64_t hard);
// "RLIMIT_NOFILE" → RLIMIT_NOFILE; nullopt if unknown.
std::optional<int> ResourceNumber(std::string_view name);

// keyctl(KEYCTL_JOIN_SESSION_KEYRING): a new session keyring. ENOSYS-tolerant
// callers check ErrnoOf.
absl::Status JoinSessionKeyring(const std::string& name);

mode_t SetUmask(mode_t mask);
absl::Status SetHostname(std::string_view name);     // sethostname(2)
absl::Status SetDomainname(std::string_view name);   // setdomainname(2)
absl::Status SetPersonality(unsigned long persona);  // personality(2)
absl::Status SetOomScoreAdjust(pid_t pid,
                               int value);  // /proc/PID/oom_score_adj

// SCHED_BATCH, for the calling thread: when it wakes up, it waits until whoever
// runs on its CPU sleeps or has had its slice.
absl::Status SetBatchScheduling();

}  // namespace sysbox

#endif  // SYSBOX_LINUX_PROCESS_ATTRIBUTES_H_
