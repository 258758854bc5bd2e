// The user and group ids of the calling process. credentials(7).
// All apply to the calling thread only where the kernel does so (raw syscalls;
// glibc's cross-thread broadcast is not used): call them while single-threaded.
#ifndef SYSBOX_LINUX_CREDENTIALS_H_
#define SYSBOX_LINUX_CREDENTIALS_H_

#include <sys/types.h>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace sysbox {

absl::Status SetUserIds(uid_t uid);   // setresuid(uid, uid, uid)
absl::Status SetGroupIds(gid_t gid);  // setresgid(gid, gid, gid)
absl::Status SetGroups(absl::Span<const gid_t> groups);  // setgroups(2)
// setresuid(-1, uid, -1). Leaving 0 takes the effective capabilities away,
// coming back gives all permitted ones.
absl::Status SetEffectiveUser(uid_t uid);
void SetFilesystemIds(uid_t uid, gid_t gid);  // setfsuid(2), setfsgid(2)

}  // namespace sysbox

#endif  // SYSBOX_LINUX_CREDENTIALS_H_
