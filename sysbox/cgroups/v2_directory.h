// Operations on one cgroup of the unified hierarchy, be it a pure v2 host's or
// a hybrid one's (Documentation/admin-guide/cgroup-v2.rst).
#ifndef SYSBOX_CGROUPS_V2_DIRECTORY_H_
#define SYSBOX_CGROUPS_V2_DIRECTORY_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sysbox/cgroups/device_list.h"
#include "sysbox/linux/fd.h"

namespace sysbox::cgroups {

// Turns controllers on for `directory` in all cgroups above it, from
// `mount_point` down. Controllers that cannot be turned on are left out; what
// there is afterwards, AvailableControllers tells. `only` empty: all.
absl::Status EnableControllersAbove(const std::string& mount_point,
                                    const std::string& directory,
                                    const std::vector<std::string>& only);
// Then it takes no processes.
absl::StatusOr<bool> GivesControllers(FdRef directory);
// Turns off what `directory` gives to its children.
absl::Status DisableControllersIn(FdRef directory);
// "+cpu +memory", as cgroup.subtree_control takes it.
std::string Enabling(const std::vector<std::string>& controllers);
absl::StatusOr<std::vector<std::string>> AvailableControllers(FdRef directory);

// Replaces the device programs of `directory` by one for `list`, without a
// moment in which none is in force.
absl::Status SetDevices(FdRef directory, const DeviceList& list);

absl::Status FreezeV2(const std::string& directory, absl::Duration limit);
absl::Status ThawV2(const std::string& directory);
absl::StatusOr<bool> IsFrozenV2(FdRef directory);

// cgroup.kill (Linux 5.14), else by hand, frozen or not.
absl::Status KillV2(const std::string& directory);

}  // namespace sysbox::cgroups

#endif  // SYSBOX_CGROUPS_V2_DIRECTORY_H_
