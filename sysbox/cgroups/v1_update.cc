// V1Cgroup::Update: values first, then device rules, then cpuset, each undone
// when a later one fails.
#include <fcntl.h>

#include <cerrno>
#include <optional>

#include "sysbox/base/status.h"
#include "sysbox/cgroups/cgroup_tree.h"
#include "sysbox/cgroups/control_file.h"
#include "sysbox/cgroups/delegation.h"
#include "sysbox/cgroups/unversioned_settings.h"
#include "sysbox/cgroups/v1_cgroup.h"
#include "sysbox/cgroups/v1_cpuset.h"
#include "sysbox/linux/file.h"

namespace sysbox::cgroups {
namespace {

absl::Status CheckUsage(const oci::Resources& resources,
                        const std::vector<OpenPlace>& places) {
  const OpenPlace* memory = FindPlace(places, "memory");
  if (!resources.memory || memory == nullptr ||
      !resources.memory->check_before_update.value_or(false)) {
    return absl::OkStatus();
  }
  SYSBOX_ASSIGN_OR_RETURN(const uint64_t usage,
                          ReadLimitAt(memory->outer, "memory.usage_in_bytes"));
  return CheckMemoryUsage(*resources.memory, usage);
}

absl::Status ChangeCpuset(const oci::Resources& resources,
                          const std::vector<OpenPlace>& places) {
  const OpenPlace* cpuset = FindPlace(places, "cpuset");
  if (!resources.cpu || cpuset == nullptr) return absl::OkStatus();
  return UpdateCpuset(cpuset->outer, cpuset->child,
                      {resources.cpu->cpus, resources.cpu->mems});
}

// Device rules and cpuset, the former undone when the latter fails.
absl::Status ChangeRest(const oci::Resources& resources,
                        const std::vector<OpenPlace>& places) {
  std::optional<DeviceList> devices_before;
  if (!resources.devices.empty()) {
    std::vector<oci::DeviceRule> rules = resources.devices;
    rules.insert(rules.end(), DefaultDeviceRules().begin(),
                 DefaultDeviceRules().end());
    SYSBOX_ASSIGN_OR_RETURN(const DeviceList wanted, BuildDeviceList(rules));
    SYSBOX_ASSIGN_OR_RETURN(devices_before, ChangeDevices(wanted, places));
  }
  absl::Status status = ChangeCpuset(resources, places);
  if (!status.ok() && devices_before) {
    (void)ChangeDevices(*devices_before, places).status();  // best effort
  }
  return status;
}

}  // namespace

absl::StatusOr<std::vector<OpenPlace>> V1Cgroup::OpenPlaces() const {
  std::vector<OpenPlace> open;
  for (const Place& place : places_) {
    OpenPlace& next = open.emplace_back();
    next.place = &place;
    SYSBOX_ASSIGN_OR_RETURN(next.outer, OpenCgroupDirectory(place.path));
    if (!options_.delegate) continue;
    SYSBOX_ASSIGN_OR_RETURN(
        next.child,
        OpenAt(next.outer, kV1Child, {.flags = O_RDONLY | O_DIRECTORY}));
  }
  return open;
}

absl::Status V1Cgroup::Update(const oci::Resources& resources) {
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<OpenPlace> places, OpenPlaces());
  SYSBOX_RETURN_IF_ERROR(CheckUsage(resources, places));
  SYSBOX_ASSIGN_OR_RETURN(const HybridSettings settings,
                          SettingsFor(resources, places));
  SettingWriter writer(/*undoable=*/true);
  absl::Status status = WriteOuter(settings, places, &writer);
  if (status.ok()) status = WriteChildren(settings, places, &writer);
  if (status.ok()) status = ChangeRest(resources, places);
  if (!status.ok()) writer.Rollback();
  return status;
}

}  // namespace sysbox::cgroups
