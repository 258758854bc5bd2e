// Checks of the daemons: ours, and Docker's.
#ifndef SYSBOX_CLI_DOCTOR_SERVICE_H_
#define SYSBOX_CLI_DOCTOR_SERVICE_H_

#include "sysbox/cli/doctor_check.h"

namespace sysbox::cli {

// It answers, and how many containers it has.
Finding CheckDaemon(const DoctorHost& host);
Finding CheckDocker(const DoctorHost& host);
// Docker knows the runtime, and its program is there.
Finding CheckDockerRuntime(const DoctorHost& host);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_DOCTOR_SERVICE_H_
