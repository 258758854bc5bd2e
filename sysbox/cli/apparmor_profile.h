// The AppArmor profile of system containers, as text, and its way into the
// kernel: below /etc/apparmor.d, where the host's service loads it at boot.
#ifndef SYSBOX_CLI_APPARMOR_PROFILE_H_
#define SYSBOX_CLI_APPARMOR_PROFILE_H_

#include <string_view>

#include "absl/status/status.h"
#include "sysbox/cli/steps.h"

namespace sysbox::cli {

// apparmor.d(5).
std::string_view AppArmorProfileText();

// Nothing to do on a host without AppArmor.
absl::Status InstallAppArmorProfile(const Steps& steps);

// Takes the file away and, once no container is confined by it, the profile
// out of the kernel: until then it stays, for they would run unconfined.
absl::Status RemoveAppArmorProfile(const Steps& steps);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_APPARMOR_PROFILE_H_
