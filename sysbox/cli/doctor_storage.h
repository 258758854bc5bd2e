// Checks of the file systems that containers live on.
#ifndef SYSBOX_CLI_DOCTOR_STORAGE_H_
#define SYSBOX_CLI_DOCTOR_STORAGE_H_

#include "sysbox/cli/doctor_check.h"

namespace sysbox::cli {

// Where our data root is, and where Docker keeps images and containers.
Finding CheckIdMappedData(const DoctorHost& host);
Finding CheckIdMappedDocker(const DoctorHost& host);
// An overlay of layers on such a mount takes a new file of the container's.
// Uses a directory of its own beside Docker's data for that.
Finding CheckOverlay(const DoctorHost& host);
Finding CheckSpace(const DoctorHost& host);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_DOCTOR_STORAGE_H_
