// Finding and executing the program of a ProcessPlan. Runs in init. Error
// texts follow runc's, from which Docker derives exit codes 126 and 127.
#ifndef SYSBOX_LAUNCH_INIT_EXEC_H_
#define SYSBOX_LAUNCH_INIT_EXEC_H_

#include <string>

#include "absl/status/statusor.h"
#include "sysbox/launch/launch_plan.h"
#include "sysbox/linux/fd.h"

namespace sysbox::launch {

// Enters plan.cwd, which it makes if so planned. Resolved strictly below
// `root`: no magic link, so a leaked descriptor cannot be a way out
// (CVE-2024-21626).
absl::Status EnterWorkingDirectory(const ProcessPlan& plan, FdRef root);

// The environment to execute with: plan.env, and HOME from passwd if absent.
std::vector<std::string> BuildEnvironment(const ProcessPlan& plan, FdRef root);

// The path of args[0], found in `env`'s PATH as the calling user may.
absl::StatusOr<std::string> FindProgram(const std::string& name,
                                        const std::vector<std::string>& env);

}  // namespace sysbox::launch

#endif  // SYSBOX_LAUNCH_INIT_EXEC_H_
