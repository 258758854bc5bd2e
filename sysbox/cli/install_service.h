// The systemd service, as far as the host has systemd: unit, kernel settings,
// enabled, started; and all of that taken away.
#ifndef SYSBOX_CLI_INSTALL_SERVICE_H_
#define SYSBOX_CLI_INSTALL_SERVICE_H_

#include <string>

#include "absl/status/status.h"
#include "sysbox/cli/steps.h"

namespace sysbox::cli {

// True if systemd runs this host: sd_booted(3).
bool HasSystemd();

// `program` is the installed sysbox; if it was `renewed`, a running service is
// restarted, under which containers run on. Without systemd nothing is done.
absl::Status InstallService(const std::string& program, bool renewed,
                            const Steps& steps);

// True if RemoveService() would stop a daemon.
bool StopsService();

// Stops, disables and removes it. Containers run on. A unit that is not ours
// is left alone.
absl::Status RemoveService(const Steps& steps);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_INSTALL_SERVICE_H_
