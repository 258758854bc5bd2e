// What cgroup v1 and v2 have in common of oci::Resources' conversion. Pure.
#ifndef SYSBOX_CGROUPS_UNVERSIONED_SETTINGS_H_
#define SYSBOX_CGROUPS_UNVERSIONED_SETTINGS_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "sysbox/cgroups/setting.h"
#include "sysbox/oci/spec.h"

namespace sysbox::cgroups {

// rdma.max, which has one format in both versions.
void AppendRdma(const oci::Resources& resources,
                std::vector<Setting>* settings);

// memory.checkBeforeUpdate: an error when `usage` (bytes) already exceeds
// what `memory` asks for. OK when the field is not set.
absl::Status CheckMemoryUsage(const oci::Memory& memory, uint64_t usage);

}  // namespace sysbox::cgroups

#endif  // SYSBOX_CGROUPS_UNVERSIONED_SETTINGS_H_
