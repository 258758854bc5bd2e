#include "sysbox/linux/credentials.h"

#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "fmt/format.h"
#include "sysbox/base/status.h"

namespace sysbox {

absl::Status SetUserIds(uid_t uid) {
  if (syscall(SYS_setresuid, uid, uid, uid) != 0) {
    const int error = errno;
    return ErrnoStatus(error, fmt::format("setresuid {}", uid));
  }
  return absl::OkStatus();
}

absl::Status SetGroupIds(gid_t gid) {
  if (syscall(SYS_setresgid, gid, gid, gid) != 0) {
    const int error = errno;
    return ErrnoStatus(error, fmt::format("setresgid {}", gid));
  }
  return absl::OkStatus();
}

absl::Status SetGroups(absl::Span<const gid_t> groups) {
  if (syscall(SYS_setgroups, groups.size(), groups.data()) != 0) {
    const int error = errno;
    return ErrnoStatus(error,
                       fmt::format("setgroups of {} groups", groups.size()));
  }
  return absl::OkStatus();
}

absl::Status SetEffectiveUser(uid_t uid) {
  constexpr uid_t kKeep = static_cast<uid_t>(-1);
  if (syscall(SYS_setresuid, kKeep, uid, kKeep) == 0) return absl::OkStatus();
  const int error = errno;
  return ErrnoStatus(error, fmt::format("setresuid -1, {}, -1", uid));
}

void SetFilesystemIds(uid_t uid, gid_t gid) {
  // The group first: giving up user id 0 takes CAP_SETGID's effect on files
  // away. Both calls report nothing but the former id.
  setfsgid(gid);
  setfsuid(uid);
}

}  // namespace sysbox
