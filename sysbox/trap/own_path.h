// Paths that begin at what the caller itself has: its descriptors ("/proc/self/
// fd/N", by which runtimes name what they hold), its working directory, its
// root. From outside they lead nowhere, as there is no /proc/self for others.
#ifndef SYSBOX_TRAP_OWN_PATH_H_
#define SYSBOX_TRAP_OWN_PATH_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"
#include "sysbox/trap/caller.h"

namespace sysbox::trap {

struct OwnPath {
  std::string_view link;  // "fd/5", "cwd", "root"; empty: it is no such path
  std::string_view rest;  // of the path, from there
};
// Views into `path`. Pure.
OwnPath SplitOwnPath(std::string_view path);

// What a link leads to; ENOENT if it is none of the caller's.
absl::StatusOr<Fd> OpenOwn(const Caller& caller, std::string_view link);

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_OWN_PATH_H_
