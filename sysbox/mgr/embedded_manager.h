// The manager within the calling process: for commands that run without a
// daemon, and beside one on the same data root.
#ifndef SYSBOX_MGR_EMBEDDED_MANAGER_H_
#define SYSBOX_MGR_EMBEDDED_MANAGER_H_

#include <memory>

#include "absl/status/statusor.h"
#include "sysbox/api/manager.h"
#include "sysbox/mgr/registration_service.h"

namespace sysbox::mgr {

// Needs root. What was registered and not activated is released when the
// result is destroyed, or, if the process dies before, as soon as another
// manager needs the ids. Not thread-safe.
absl::StatusOr<std::unique_ptr<api::Manager>> MakeEmbeddedManager(
    const RegistrationOptions& options);

}  // namespace sysbox::mgr

#endif  // SYSBOX_MGR_EMBEDDED_MANAGER_H_
