// oci::Resources as writes to cgroup v1 files (kernel
// Documentation/admin-guide/cgroup-v1). Pure. Zero means "unset" where runc
// takes it so. Device rules (device_rules.h) and cpuset (v1_cpuset.h) are not
// among them.
#ifndef SYSBOX_CGROUPS_V1_SETTINGS_H_
#define SYSBOX_CGROUPS_V1_SETTINGS_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/cgroups/setting.h"
#include "sysbox/oci/spec.h"

namespace sysbox::cgroups {

// `current_memory_limit` in bytes decides whether memory or memory+swap is
// written first, since the kernel wants limit <= memory+swap at every moment.
// kUnlimited for a new cgroup.
absl::StatusOr<std::vector<Setting>> V1Settings(const oci::Resources& resources,
                                                uint64_t current_memory_limit);

}  // namespace sysbox::cgroups

#endif  // SYSBOX_CGROUPS_V1_SETTINGS_H_
