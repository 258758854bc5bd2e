// Which manager a command uses: the daemon, an embedded one, or none. Decided
// here and nowhere else; connections are made when first needed.
#ifndef SYSBOX_CLI_MANAGER_CHOICE_H_
#define SYSBOX_CLI_MANAGER_CHOICE_H_

#include <memory>

#include "absl/status/statusor.h"
#include "sysbox/api/manager.h"
#include "sysbox/cli/runtime_options.h"

namespace sysbox::cli {

enum class WithoutDaemon {
  kFail,   // `create`: the daemon must know the container as long as it lives
  kEmbed,  // `run`, and whatever only takes something out of the account
};

// Connects on the first call. --no-sysbox-mgr: no manager at all.
std::unique_ptr<api::Manager> ChooseManager(const RuntimeOptions& options,
                                            WithoutDaemon without_daemon);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_MANAGER_CHOICE_H_
