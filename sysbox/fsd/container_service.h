// The daemon's part that containers see: their emulated files (and, one day,
// the answers to their trapped system calls). Keeps the registry.
#ifndef SYSBOX_FSD_CONTAINER_SERVICE_H_
#define SYSBOX_FSD_CONTAINER_SERVICE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/api/daemon_part.h"
#include "sysbox/emu/host_write_policy.h"
#include "sysbox/registry/descriptor_vault.h"

namespace sysbox::fsd {

struct ContainerServiceOptions {
  std::string run_dir = "/run/sysbox";         // values are kept below it
  registry::DescriptorVault* vault = nullptr;  // null: no keeper
  emu::HostWritePolicy host_writes = {};       // empty: none
  // Types of file systems that containers may mount, trap/allowed_mounts.h.
  std::vector<std::string> allowed_mounts = {};
};

// Starts the threads that serve files.
absl::StatusOr<std::unique_ptr<api::DaemonPart>> MakeContainerService(
    const ContainerServiceOptions& options);

}  // namespace sysbox::fsd

#endif  // SYSBOX_FSD_CONTAINER_SERVICE_H_
