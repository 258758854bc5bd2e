// For the tests of this package: a container's init to activate, and options
// for a host of the test's own.
#ifndef SYSBOX_MGR_TEST_PROCESS_H_
#define SYSBOX_MGR_TEST_PROCESS_H_

#include <cstdint>

#include "sysbox/linux/process.h"
#include "sysbox/mgr/registration_service.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::mgr {

// A child that does nothing until it is killed, in a new user namespace if
// `clone_flags` says so. Aborts if it cannot be made.
OwnedChild StartIdleProcess(uint64_t clone_flags = 0);

// Everything below `dir`.
RegistrationOptions OptionsBelow(const testing::TempDir& dir);

}  // namespace sysbox::mgr

#endif  // SYSBOX_MGR_TEST_PROCESS_H_
