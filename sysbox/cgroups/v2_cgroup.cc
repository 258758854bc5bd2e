#include "sysbox/cgroups/v2_cgroup.h"

#include <fcntl.h>
#include <sys/inotify.h>

#include <algorithm>
#include <cerrno>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/cgroups/cgroup_tree.h"
#include "sysbox/cgroups/control_file.h"
#include "sysbox/cgroups/delegation.h"
#include "sysbox/cgroups/device_list.h"
#include "sysbox/cgroups/removal.h"
#include "sysbox/cgroups/unversioned_settings.h"
#include "sysbox/cgroups/v2_directory.h"
#include "sysbox/cgroups/v2_settings.h"
#include "sysbox/cgroups/v2_stats.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/inotify.h"

namespace sysbox::cgroups {
namespace {

constexpr absl::Duration kFreezeLimit = absl::Seconds(2);
constexpr absl::Duration kDrainLimit = absl::Seconds(1);

absl::Status WriteSettings(const oci::Resources& resources, FdRef directory,
                           SettingWriter* writer) {
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<Setting> settings,
                          V2Settings(resources));
  if (settings.empty()) return absl::OkStatus();
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<std::string> available,
                          AvailableControllers(directory));
  return writer->WriteAll(settings, [&](const Setting& setting) {
    const bool known = setting.controller.empty() ||
                       std::find(available.begin(), available.end(),
                                 setting.controller) != available.end();
    return known ? std::vector<FdRef>{directory} : std::vector<FdRef>();
  });
}

absl::Status WriteDevices(const oci::Resources& resources, FdRef directory) {
  std::vector<oci::DeviceRule> rules = resources.devices;
  rules.insert(rules.end(), DefaultDeviceRules().begin(),
               DefaultDeviceRules().end());
  SYSBOX_ASSIGN_OR_RETURN(const DeviceList list, BuildDeviceList(rules));
  return SetDevices(directory, list);
}

absl::Status CheckUsage(const oci::Resources& resources, FdRef directory) {
  if (!resources.memory ||
      !resources.memory->check_before_update.value_or(false)) {
    return absl::OkStatus();
  }
  SYSBOX_ASSIGN_OR_RETURN(const uint64_t usage,
                          ReadLimitAt(directory, "memory.current"));
  return CheckMemoryUsage(*resources.memory, usage);
}

bool IsGone(const absl::Status& status) {
  return ErrnoOf(status) == ENOENT || ErrnoOf(status) == ENODEV;
}

}  // namespace

std::string V2Cgroup::Leaf() const {
  return options_.delegate ? fmt::format("{}/{}", place_.path, kV2Leaf)
                           : place_.path;
}

absl::Status V2Cgroup::Create(const oci::Resources& resources) {
  SYSBOX_ASSIGN_OR_RETURN(const bool created, MakeCgroup(place_.path));
  SYSBOX_RETURN_IF_ERROR(Prepare(created));
  absl::Cleanup undo = [this, created] {
    // Nothing can have joined: the caller reports the real error.
    if (options_.delegate) (void)RemoveDirectory(Leaf());
    if (created) (void)RemoveDirectory(place_.path);
  };
  SYSBOX_RETURN_IF_ERROR(Build(resources));
  std::move(undo).Cancel();
  return absl::OkStatus();
}

// An existing directory without processes is taken over; what an earlier
// container of this name left below it goes.
absl::Status V2Cgroup::Prepare(bool created) const {
  if (created) return absl::OkStatus();
  SYSBOX_ASSIGN_OR_RETURN(Fd outer, OpenCgroupDirectory(place_.path));
  if (!adopt_) {
    SYSBOX_ASSIGN_OR_RETURN(const std::vector<pid_t> processes,
                            ProcessesBelow(outer));
    if (!processes.empty()) {
      return FailedPrecondition("cgroup {} is in use: process {} is in it",
                                place_.path, processes.front());
    }
  }
  SYSBOX_RETURN_IF_ERROR(ThawV2(place_.path));
  SYSBOX_RETURN_IF_ERROR(
      RemoveCgroup(fmt::format("{}/{}", place_.path, kV2Leaf)));
  // Or init could not wait in it.
  return DisableControllersIn(outer);
}

absl::Status V2Cgroup::Build(const oci::Resources& resources) const {
  SYSBOX_RETURN_IF_ERROR(
      EnableControllersAbove(place_.mount_point, place_.path, {}));
  SYSBOX_ASSIGN_OR_RETURN(Fd outer, OpenCgroupDirectory(place_.path));
  SettingWriter writer(/*undoable=*/false);
  SYSBOX_RETURN_IF_ERROR(WriteSettings(resources, outer, &writer));
  SYSBOX_RETURN_IF_ERROR(WriteDevices(resources, outer));
  return options_.delegate ? Delegate(outer) : absl::OkStatus();
}

absl::Status V2Cgroup::Delegate(FdRef outer) const {
  const Owner owner = {options_.owner_uid, options_.owner_gid};
  SYSBOX_RETURN_IF_ERROR(MakeDirectoryAt(outer, kV2Leaf, 0755));
  SYSBOX_RETURN_IF_ERROR(GiveV2Cgroup(outer, kV2Leaf, owner));
  return GiveV2Cgroup(outer, ".", owner);
}

absl::StatusOr<JoinHandles> V2Cgroup::OpenForInit(InitStart start) {
  JoinHandles handles;
  SYSBOX_ASSIGN_OR_RETURN(Fd outer, OpenCgroupDirectory(place_.path));
  if (!options_.delegate) {
    handles.into = std::move(outer);
    return handles;
  }
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<std::string> controllers,
                          AvailableControllers(outer));
  handles.delegated = Enabling(controllers);
  SYSBOX_ASSIGN_OR_RETURN(
      handles.subtree_control,
      Open(place_.path + "/cgroup.subtree_control", {.flags = O_WRONLY}));
  if (start == InitStart::kWaits) {
    handles.into = std::move(outer);
    SYSBOX_ASSIGN_OR_RETURN(handles.leaf_procs, Open(Leaf() + "/cgroup.procs",
                                                     {.flags = O_WRONLY}));
    return handles;
  }
  handles.namespace_root = std::move(outer);
  SYSBOX_ASSIGN_OR_RETURN(handles.into, OpenCgroupDirectory(Leaf()));
  return handles;
}

absl::StatusOr<Fd> V2Cgroup::OpenCgroupOf(pid_t init) const {
  SYSBOX_ASSIGN_OR_RETURN(const std::string cgroups,
                          ReadFile(fmt::format("/proc/{}/cgroup", init)));
  const std::optional<std::string> inside =
      CgroupIn({.mount_point = place_.mount_point}, cgroups);
  const std::string path = place_.mount_point + inside.value_or("");
  if (path != place_.path && !absl::StartsWith(path, place_.path + "/")) {
    return FailedPrecondition("process {} is not in cgroup {}", init,
                              place_.path);
  }
  return OpenCgroupDirectory(path);
}

absl::StatusOr<JoinHandles> V2Cgroup::OpenForProcess(pid_t init) {
  JoinHandles handles;
  absl::StatusOr<Fd> usual = OpenCgroupDirectory(Leaf());
  const bool usable = usual.ok() && !GivesControllers(*usual).value_or(true);
  SYSBOX_ASSIGN_OR_RETURN(handles.into,
                          usable ? std::move(usual) : OpenCgroupOf(init));
  return handles;
}

absl::Status V2Cgroup::Update(const oci::Resources& resources) {
  SYSBOX_ASSIGN_OR_RETURN(Fd outer, OpenCgroupDirectory(place_.path));
  SYSBOX_RETURN_IF_ERROR(CheckUsage(resources, outer));
  SettingWriter writer(/*undoable=*/true);
  absl::Status status = WriteSettings(resources, outer, &writer);
  if (status.ok() && !resources.devices.empty()) {
    status = WriteDevices(resources, outer);
  }
  if (!status.ok()) writer.Rollback();
  return status;
}

absl::Status V2Cgroup::Freeze() { return FreezeV2(place_.path, kFreezeLimit); }

absl::Status V2Cgroup::Thaw() { return ThawV2(place_.path); }

absl::StatusOr<bool> V2Cgroup::Frozen() {
  SYSBOX_ASSIGN_OR_RETURN(Fd outer, OpenCgroupDirectory(place_.path));
  return IsFrozenV2(outer);
}

absl::StatusOr<std::vector<pid_t>> V2Cgroup::Processes() {
  absl::StatusOr<Fd> root = OpenCgroupDirectory(place_.path);
  if (IsGone(root.status())) return std::vector<pid_t>();
  SYSBOX_RETURN_IF_ERROR(root);
  return ProcessesBelow(*root);
}

absl::StatusOr<Stats> V2Cgroup::ReadStats() {
  Stats stats;
  SYSBOX_ASSIGN_OR_RETURN(Fd outer, OpenCgroupDirectory(place_.path));
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<std::string> controllers,
                          AvailableControllers(outer));
  bool cpu_seen = false;
  for (const std::string& controller : controllers) {
    cpu_seen |= controller == "cpu";
    SYSBOX_RETURN_IF_ERROR(AddV2Stats(controller, outer, &stats));
  }
  // cpu.stat is there without its controller too.
  if (!cpu_seen) SYSBOX_RETURN_IF_ERROR(AddV2Stats("cpu", outer, &stats));
  return stats;
}

absl::StatusOr<uint64_t> V2Cgroup::OomCount() const {
  SYSBOX_ASSIGN_OR_RETURN(const std::string text,
                          ReadFile(place_.path + "/memory.events"));
  return FlatKeyedValue(text, "oom").value_or(0) +
         FlatKeyedValue(text, "oom_kill").value_or(0);
}

absl::StatusOr<Fd> V2Cgroup::OpenOomEvents() {
  SYSBOX_ASSIGN_OR_RETURN(Fd events,
                          WatchPath(place_.path + "/memory.events", IN_MODIFY),
                          "watch OOM");
  SYSBOX_ASSIGN_OR_RETURN(oom_count_, OomCount(), "watch OOM");
  return events;
}

absl::StatusOr<bool> V2Cgroup::ConsumeOomEvents(FdRef events) {
  SYSBOX_RETURN_IF_ERROR(ReadWatch(events));
  absl::StatusOr<uint64_t> count = OomCount();
  if (IsGone(count.status())) {
    return NotFound("watch OOM: the cgroup is gone");
  }
  SYSBOX_RETURN_IF_ERROR(count);
  return std::exchange(oom_count_, *count) != *count;
}

absl::Status V2Cgroup::KillAll() { return KillV2(place_.path); }

absl::Status V2Cgroup::Destroy() {
  return RemovePlaces({place_}, options_.delegate ? kV2Leaf : "", kDrainLimit);
}

std::map<std::string, std::string> V2Cgroup::Paths() const {
  return PathsOf({place_});
}

}  // namespace sysbox::cgroups
