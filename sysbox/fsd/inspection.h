// Answers people's questions about emulated files: what a container would be
// served at a path, and what it has stored.
#ifndef SYSBOX_FSD_INSPECTION_H_
#define SYSBOX_FSD_INSPECTION_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "sysbox/api/server.h"
#include "sysbox/fsd/emulation.h"
#include "sysbox/registry/container_registry.h"

namespace sysbox::fsd {

// Serves kStoredValues, kListEmulated and kReadEmulated. All outlive the
// server's last callback.
void ServeInspection(api::Server* server,
                     const registry::ContainerRegistry* registry,
                     const Emulation* emulation);

// As the container's init sees it. FailedPrecondition where init sees the
// kernel's own.
absl::StatusOr<std::string> ListEmulated(const registry::Container& container,
                                         const Emulation& emulation,
                                         std::string_view path);
absl::StatusOr<std::string> ReadEmulated(const registry::Container& container,
                                         const Emulation& emulation,
                                         std::string_view path);

}  // namespace sysbox::fsd

#endif  // SYSBOX_FSD_INSPECTION_H_
