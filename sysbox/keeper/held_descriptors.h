// The descriptors a keeper holds, by name, and the form in which a service
// manager hands them back (sd_listen_fds_with_names(3)).
#ifndef SYSBOX_KEEPER_HELD_DESCRIPTORS_H_
#define SYSBOX_KEEPER_HELD_DESCRIPTORS_H_

#include <sys/types.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"

namespace sysbox::keeper {

using HeldDescriptors = std::map<std::string, Fd, std::less<>>;

// Not empty, at most 255 printable bytes, no ':': what the service manager
// takes as FDNAME.
bool IsDescriptorName(std::string_view name);

// The values of LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES; empty: unset.
struct ListenVariables {
  std::string pid;
  std::string fds;
  std::string names;
};

// The names of descriptors 3, 4, …, in their order; empty if they are not for
// process `self`.
absl::StatusOr<std::vector<std::string>> ParseListenVariables(
    const ListenVariables& variables, pid_t self);

// Takes them over, close-on-exec.
absl::StatusOr<HeldDescriptors> TakeListenDescriptors(
    const ListenVariables& variables);

}  // namespace sysbox::keeper

#endif  // SYSBOX_KEEPER_HELD_DESCRIPTORS_H_
