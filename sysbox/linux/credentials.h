// Ids, capabilities, limits and other attributes of the calling process.
// All apply to the calling thread only where the kernel does so (raw
// syscalls; glibc's cross-thread broadcast is not used): call them while
// single-threaded. capabilities(7), credentials(7), prctl(2).
#ifndef SYSBOX_LINUX_CREDENTIALS_H_
#define SYSBOX_LINUX_CREDENTIALS_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/linux/fd.h"

namespace sysbox {

absl::Status SetUserIds(uid_t uid);   // setresuid(uid, uid, uid)
absl::Status SetGroupIds(gid_t gid);  // setresgid(gid, gid, gid)
absl::Status SetGroups(absl::Span<const gid_t> groups);  // setgroups(2)
// setresuid(-1, uid, -1). Leaving 0 takes the effective capabilities away,
// coming back gives all permitted ones.
absl::Status SetEffectiveUser(uid_t uid);
void SetFilesystemIds(uid_t uid, gid_t gid);  // setfsuid(2), setfsgid(2)

// A set of capabilities; bit n is capability number n.
using CapabilitySet = uint64_t;
// "CAP_SYS_ADMIN" (any case, with or without CAP_); nullopt if unknown.
std::optional<int> CapabilityNumber(std::string_view name);
// "CAP_SYS_ADMIN"; empty for numbers this build does not know.
std::string_view CapabilityName(int number);
// All bits 0..cap_last_cap of the running kernel.
absl::StatusOr<CapabilitySet> AllCapabilities();

struct CapabilitySets {
  CapabilitySet bounding = 0;
  CapabilitySet effective = 0;
  CapabilitySet permitted = 0;
  CapabilitySet inheritable = 0;
  CapabilitySet ambient = 0;
};
// All five. Bounding and ambient take two calls for each capability.
absl::StatusOr<CapabilitySets> OwnCapabilities();
// capget(2): what SetCapabilities sets; the others are left empty.
absl::StatusOr<CapabilitySets> GetCapabilities();
// Drops the bounding set's other bits. Needs CAP_SETPCAP; do it before ids.
absl::Status LimitBounding(CapabilitySet keep);
// capset(2) of effective, permitted and inheritable.
absl::Status SetCapabilities(const CapabilitySets& sets);
// Clears, then raises the ambient set. Bits must be permitted + inheritable.
absl::Status SetAmbient(CapabilitySet ambient);
absl::Status KeepCapabilitiesOverSetuid(bool keep);  // PR_SET_KEEPCAPS

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

// Loads a classic-BPF seccomp filter (seccomp(2), SECCOMP_SET_MODE_FILTER);
// `program` is an array of sock_filter. Returns the listener descriptor with
// SECCOMP_FILTER_FLAG_NEW_LISTENER in `flags`, an invalid Fd otherwise.
absl::StatusOr<Fd> LoadSeccompFilter(absl::Span<const uint64_t> program,
                                     unsigned int flags);

}  // namespace sysbox

#endif  // SYSBOX_LINUX_CREDENTIALS_H_
