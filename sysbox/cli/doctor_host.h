// Checks of what the host's administrator has set up.
#ifndef SYSBOX_CLI_DOCTOR_HOST_H_
#define SYSBOX_CLI_DOCTOR_HOST_H_

#include "sysbox/cli/doctor_check.h"

namespace sysbox::cli {

// Root, with which capabilities.
Finding CheckPrivileges(const DoctorHost& host);
// Which hierarchies, which controllers.
Finding CheckCgroups(const DoctorHost& host);
Finding CheckSecurityModules(const DoctorHost& host);
// Limits that all containers share.
Finding CheckLimits(const DoctorHost& host);
// /etc/subuid and /etc/subgid: the entry, and that nobody else has its ids.
Finding CheckSubids(const DoctorHost& host);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_DOCTOR_HOST_H_
