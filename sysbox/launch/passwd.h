// The container's own /etc/passwd, parsed by hand: a static binary has no NSS,
// and the host's user database says nothing about the container.
#ifndef SYSBOX_LAUNCH_PASSWD_H_
#define SYSBOX_LAUNCH_PASSWD_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "sysbox/linux/fd.h"

namespace sysbox::launch {

// The home directory of `uid` in passwd(5) text; nullopt if there is none.
// Malformed lines are skipped, as glibc does.
std::optional<std::string> HomeOf(uid_t uid, std::string_view passwd);

// HomeOf in /etc/passwd below `root`; "/" when unknown, as runc has it.
std::string HomeInRoot(uid_t uid, FdRef root);

}  // namespace sysbox::launch

#endif  // SYSBOX_LAUNCH_PASSWD_H_
