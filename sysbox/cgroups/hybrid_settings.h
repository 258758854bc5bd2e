// On a v1 host with a unified hierarchy beside it: which version's file each
// value goes to. Pure.
#ifndef SYSBOX_CGROUPS_HYBRID_SETTINGS_H_
#define SYSBOX_CGROUPS_HYBRID_SETTINGS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/cgroups/setting.h"
#include "sysbox/oci/spec.h"

namespace sysbox::cgroups {

struct HybridSettings {
  std::vector<Setting> v1;
  std::vector<Setting> v2;                       // for the unified tree
  std::vector<std::string> unified_controllers;  // as given
};

// A controller mounted on v1 takes v1's files; one that only the unified tree
// has, v2's. One that neither has stays in `v1`, whose writer will say that
// it is not available. linux.resources.unified always means the unified tree.
absl::StatusOr<HybridSettings> SplitSettings(
    const oci::Resources& resources, uint64_t current_memory_limit,
    const std::vector<std::string>& v1_controllers,
    const std::vector<std::string>& unified_controllers);

// Whether any setting of `resources` may need the unified tree.
bool MayNeedUnified(const oci::Resources& resources,
                    const std::vector<std::string>& v1_controllers);

}  // namespace sysbox::cgroups

#endif  // SYSBOX_CGROUPS_HYBRID_SETTINGS_H_
