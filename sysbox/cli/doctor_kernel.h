// Checks of the kernel's own abilities.
#ifndef SYSBOX_CLI_DOCTOR_KERNEL_H_
#define SYSBOX_CLI_DOCTOR_KERNEL_H_

#include "sysbox/cli/doctor_check.h"

namespace sysbox::cli {

Finding CheckUserNamespaces(const DoctorHost& host);
// All the other kinds, made at once.
Finding CheckNamespaces(const DoctorHost& host);
// clone3(2), openat2(2), pidfds, the new mount API.
Finding CheckSystemCalls(const DoctorHost& host);
// A filter with a listener is loaded.
Finding CheckSeccomp(const DoctorHost& host);
// /dev/fuse, and a file system of it that is mounted nowhere.
Finding CheckFuse(const DoctorHost& host);
// A file below a mount that is attached nowhere can be cloned.
Finding CheckDetachedMounts(const DoctorHost& host);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_DOCTOR_KERNEL_H_
