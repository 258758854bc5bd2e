// V1Cgroup::Create. The order matters: a child inherits device rules,
// swappiness and the OOM switch from its parent when it is made, and cpuset
// wants values before anything below gets its own.
#include <fcntl.h>

#include <cerrno>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/cgroups/cgroup_tree.h"
#include "sysbox/cgroups/delegation.h"
#include "sysbox/cgroups/device_list.h"
#include "sysbox/cgroups/v1_cgroup.h"
#include "sysbox/cgroups/v1_cpuset.h"
#include "sysbox/cgroups/v1_freezer.h"
#include "sysbox/linux/file.h"

namespace sysbox::cgroups {
namespace {

CpusetValues WantedCpuset(const oci::Resources& resources) {
  if (!resources.cpu) return {};
  return {resources.cpu->cpus, resources.cpu->mems};
}

// An existing directory without processes is taken over; what an earlier
// container of this name left below it goes.
absl::Status TakeOver(const Place& place, FdRef directory, bool adopt) {
  if (!adopt) {
    SYSBOX_ASSIGN_OR_RETURN(const std::vector<pid_t> processes,
                            ProcessesBelow(directory));
    if (!processes.empty()) {
      return FailedPrecondition("cgroup {} is in use: process {} is in it",
                                place.path, processes.front());
    }
  }
  if (place.Has("freezer")) SYSBOX_RETURN_IF_ERROR(ThawV1(directory));
  return RemoveCgroup(fmt::format("{}/{}", place.path, kV1Child));
}

absl::StatusOr<DeviceList> WantedDevices(const oci::Resources& resources) {
  std::vector<oci::DeviceRule> rules = resources.devices;
  const std::vector<oci::DeviceRule>& defaults = DefaultDeviceRules();
  rules.insert(rules.end(), defaults.begin(), defaults.end());
  return BuildDeviceList(rules);
}

}  // namespace

absl::Status V1Cgroup::Create(const oci::Resources& resources) {
  std::vector<OpenPlace> made;
  absl::Cleanup undo = [this, &made] { RemoveMade(std::move(made)); };
  SYSBOX_RETURN_IF_ERROR(Build(resources, &made));
  std::move(undo).Cancel();
  return absl::OkStatus();
}

absl::Status V1Cgroup::Build(const oci::Resources& resources,
                             std::vector<OpenPlace>* made) const {
  SYSBOX_ASSIGN_OR_RETURN(const DeviceList devices, WantedDevices(resources));
  for (const Place& place : places_) {
    SYSBOX_RETURN_IF_ERROR(MakeOuter(place, resources, made));
  }
  SYSBOX_ASSIGN_OR_RETURN(const HybridSettings settings,
                          SettingsFor(resources, *made));
  SettingWriter writer(/*undoable=*/false);
  SYSBOX_RETURN_IF_ERROR(WriteOuter(settings, *made, &writer));
  SYSBOX_RETURN_IF_ERROR(SetNewDevices(devices, *made));
  if (!options_.delegate) return absl::OkStatus();
  for (OpenPlace& open : *made) SYSBOX_RETURN_IF_ERROR(MakeChild(&open));
  return WriteChildren(settings, *made, &writer);
}

absl::Status V1Cgroup::MakeOuter(const Place& place,
                                 const oci::Resources& resources,
                                 std::vector<OpenPlace>* made) const {
  SYSBOX_ASSIGN_OR_RETURN(const bool created, MakeCgroup(place.path));
  made->push_back(
      {.place = &place, .outer = {}, .child = {}, .created = created});
  SYSBOX_ASSIGN_OR_RETURN(made->back().outer, OpenCgroupDirectory(place.path));
  if (!created) {
    SYSBOX_RETURN_IF_ERROR(TakeOver(place, made->back().outer, adopt_));
  }
  if (!place.Has("cpuset")) return absl::OkStatus();
  CpusetValues given;
  SYSBOX_RETURN_IF_ERROR(InitializeCpuset(
      place.path, place.mount_point, created, WantedCpuset(resources), &given));
  if (!options_.delegate) return absl::OkStatus();
  // The child then takes over cpus and mems as it is made.
  return WriteExistingAt(made->back().outer, "cgroup.clone_children", "1");
}

absl::Status V1Cgroup::MakeChild(OpenPlace* open) const {
  const std::string name(kV1Child);
  SYSBOX_RETURN_IF_ERROR(MakeDirectoryAt(open->outer, name, 0755));
  const Owner owner = {options_.owner_uid, options_.owner_gid};
  const bool unified = open->place->unified();
  SYSBOX_RETURN_IF_ERROR(unified ? GiveV2Cgroup(open->outer, name, owner)
                                 : GiveV1Cgroup(open->outer, name, owner));
  SYSBOX_ASSIGN_OR_RETURN(
      open->child, OpenAt(open->outer, name, {.flags = O_PATH | O_DIRECTORY}));
  return absl::OkStatus();
}

void V1Cgroup::RemoveMade(std::vector<OpenPlace> made) const {
  for (auto open = made.rbegin(); open != made.rend(); ++open) {
    open->outer.Reset();
    open->child.Reset();
    const std::string& path = open->place->path;
    // Nothing can have joined: the caller reports the real error.
    (void)RemoveDirectory(fmt::format("{}/{}", path, kV1Child));
    if (open->created) (void)RemoveDirectory(path);
  }
}

}  // namespace sysbox::cgroups
