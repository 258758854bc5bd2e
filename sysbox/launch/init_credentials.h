// Ids, capabilities, no-new-privileges, LSM label and seccomp of a program
// about to be executed. Runs in init, as root of the container.
#ifndef SYSBOX_LAUNCH_INIT_CREDENTIALS_H_
#define SYSBOX_LAUNCH_INIT_CREDENTIALS_H_

#include "absl/status/statusor.h"
#include "sysbox/launch/launch_plan.h"
#include "sysbox/linux/fd.h"

namespace sysbox::launch {

// Becomes the root of the user namespace the process is in, which holds every
// capability there.
absl::Status BecomeContainerRoot();

// Groups, user and bounding set of the program; capabilities stay in force for
// what remains to be done.
absl::Status AssumeIds(const ProcessPlan& plan);

// The last irrevocable steps before exec, in the order the kernel asks for:
// capabilities, no_new_privs, seccomp. Afterwards only what the profile allows
// works; of it, the caller needs read, write, sendmsg, recvmsg, close, execve.
// Returns the filter's listener, invalid if it has none.
absl::StatusOr<Fd> SealCredentials(const ProcessPlan& plan);

}  // namespace sysbox::launch

#endif  // SYSBOX_LAUNCH_INIT_CREDENTIALS_H_
