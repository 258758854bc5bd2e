#include "sysbox/cgroups/v1_limits.h"

#include <fcntl.h>

#include <algorithm>
#include <string>
#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/cgroups/cgroup_tree.h"
#include "sysbox/cgroups/control_file.h"
#include "sysbox/cgroups/v2_directory.h"
#include "sysbox/linux/file.h"

namespace sysbox::cgroups {
namespace {

constexpr std::string_view kDevicesField = "linux.resources.devices";

std::vector<std::string> V1Controllers(absl::Span<const OpenPlace> places) {
  std::vector<std::string> names;
  for (const OpenPlace& open : places) {
    names.insert(names.end(), open.place->controllers.begin(),
                 open.place->controllers.end());
  }
  return names;
}

absl::StatusOr<std::vector<std::string>> UnifiedControllers(
    absl::Span<const OpenPlace> places) {
  const OpenPlace* unified = FindPlace(places, "");
  if (unified == nullptr) return std::vector<std::string>();
  SYSBOX_ASSIGN_OR_RETURN(Fd root,
                          OpenCgroupDirectory(unified->place->mount_point));
  return AvailableControllers(root);
}

bool SetsBothMemoryLimits(const oci::Resources& resources) {
  return resources.memory && resources.memory->limit.value_or(0) != 0 &&
         resources.memory->swap.value_or(0) != 0;
}

absl::StatusOr<uint64_t> CurrentMemoryLimit(
    const oci::Resources& resources, absl::Span<const OpenPlace> places) {
  const OpenPlace* memory = FindPlace(places, "memory");
  if (memory == nullptr || memory->created ||
      !SetsBothMemoryLimits(resources)) {
    return kUnlimited;
  }
  return ReadLimitAt(memory->outer, "memory.limit_in_bytes");
}

using FdMember = Fd OpenPlace::*;

absl::Status WriteTo(FdMember where, const HybridSettings& settings,
                     absl::Span<const OpenPlace> places,
                     SettingWriter* writer) {
  auto v1 = [&](const Setting& setting) {
    const OpenPlace* open = FindPlace(places, setting.controller);
    return open == nullptr ? std::vector<FdRef>()
                           : std::vector<FdRef>{open->*where};
  };
  auto v2 = [&](const Setting& setting) {
    const OpenPlace* open = FindPlace(places, "");
    const std::vector<std::string>& known = settings.unified_controllers;
    const bool available = setting.controller.empty() ||
                           std::find(known.begin(), known.end(),
                                     setting.controller) != known.end();
    return open == nullptr || !available ? std::vector<FdRef>()
                                         : std::vector<FdRef>{open->*where};
  };
  SYSBOX_RETURN_IF_ERROR(writer->WriteAll(settings.v1, v1));
  return writer->WriteAll(settings.v2, v2);
}

// Opens each of the two files once: there are a dozen rules.
absl::Status WriteDevices(FdRef directory,
                          const std::vector<DeviceWrite>& writes) {
  Fd files[2];
  for (const DeviceWrite& write : writes) {
    Fd& file = files[write.allow ? 1 : 0];
    const char* name = write.allow ? "devices.allow" : "devices.deny";
    if (!file.valid()) {
      SYSBOX_ASSIGN_OR_RETURN(file,
                              OpenAt(directory, name, {.flags = O_WRONLY}),
                              "{}", kDevicesField);
    }
    SYSBOX_RETURN_IF_ERROR(WriteAll(file, write.rule), "{}: \"{}\" to {}",
                           kDevicesField, write.rule, name);
  }
  return absl::OkStatus();
}

absl::StatusOr<DeviceList> CurrentDevices(const OpenPlace& devices) {
  SYSBOX_ASSIGN_OR_RETURN(const std::string text,
                          ReadFileAt(devices.outer, "devices.list"));
  return ParseDeviceList(text);
}

absl::Status Transition(const OpenPlace& devices, const DeviceList& from,
                        const DeviceList& to) {
  const std::vector<DeviceWrite> writes = DeviceTransition(from, to);
  SYSBOX_RETURN_IF_ERROR(WriteDevices(devices.outer, writes));
  // What is taken away goes from the children too, what is given does not.
  if (!devices.child.valid()) return absl::OkStatus();
  return WriteDevices(devices.child, writes);
}

}  // namespace

const OpenPlace* FindPlace(absl::Span<const OpenPlace> places,
                           std::string_view controller) {
  for (const OpenPlace& open : places) {
    if (controller.empty() ? open.place->unified()
                           : open.place->Has(controller)) {
      return &open;
    }
  }
  return nullptr;
}

absl::StatusOr<HybridSettings> SettingsFor(const oci::Resources& resources,
                                           absl::Span<const OpenPlace> places) {
  const std::vector<std::string> v1 = V1Controllers(places);
  std::vector<std::string> unified;
  if (MayNeedUnified(resources, v1)) {
    SYSBOX_ASSIGN_OR_RETURN(unified, UnifiedControllers(places));
  }
  SYSBOX_ASSIGN_OR_RETURN(const uint64_t limit,
                          CurrentMemoryLimit(resources, places));
  return SplitSettings(resources, limit, v1, unified);
}

absl::Status WriteOuter(const HybridSettings& settings,
                        absl::Span<const OpenPlace> places,
                        SettingWriter* writer) {
  const OpenPlace* unified = FindPlace(places, "");
  if (!settings.v2.empty() && unified != nullptr) {
    std::vector<std::string> needed;
    for (const Setting& setting : settings.v2) {
      if (!setting.controller.empty()) needed.push_back(setting.controller);
    }
    if (!needed.empty()) {
      SYSBOX_RETURN_IF_ERROR(EnableControllersAbove(
          unified->place->mount_point, unified->place->path, needed));
    }
  }
  return WriteTo(&OpenPlace::outer, settings, places, writer);
}

absl::Status WriteChildren(const HybridSettings& settings,
                           absl::Span<const OpenPlace> places,
                           SettingWriter* writer) {
  HybridSettings shown;
  for (const Setting& setting : settings.v1) {
    const OpenPlace* open = FindPlace(places, setting.controller);
    if (setting.how.in_child && open != nullptr && open->child.valid()) {
      shown.v1.push_back(setting);
    }
  }
  return WriteTo(&OpenPlace::child, shown, places, writer);
}

absl::Status SetNewDevices(const DeviceList& list,
                           absl::Span<const OpenPlace> places) {
  const OpenPlace* unified = FindPlace(places, "");
  const OpenPlace* devices = FindPlace(places, "devices");
  if (devices == nullptr && unified != nullptr) {
    return SetDevices(unified->outer, list);
  }
  if (devices == nullptr) {
    return FailedPrecondition(
        "{}: no cgroup hierarchy controls devices on this host", kDevicesField);
  }
  if (devices->created) {
    return WriteDevices(devices->outer, FreshDeviceWrites(list));
  }
  // Taken over: its default, most likely ours already, cannot be set as long
  // as the kernel remembers a child, which may be a while after its removal.
  SYSBOX_ASSIGN_OR_RETURN(const DeviceList before, CurrentDevices(*devices));
  return WriteDevices(devices->outer, DeviceTransition(before, list));
}

absl::StatusOr<DeviceList> ChangeDevices(const DeviceList& list,
                                         absl::Span<const OpenPlace> places) {
  const OpenPlace* devices = FindPlace(places, "devices");
  if (devices == nullptr) {
    SYSBOX_RETURN_IF_ERROR(SetNewDevices(list, places));
    return list;  // one program for another: nothing else can fail after it
  }
  SYSBOX_ASSIGN_OR_RETURN(DeviceList before, CurrentDevices(*devices));
  if (before.default_allow != list.default_allow) {
    return FailedPrecondition(
        "{}: a running container cannot change between allowing and denying "
        "by default",
        kDevicesField);
  }
  absl::Status status = Transition(*devices, before, list);
  if (!status.ok()) {
    (void)Transition(*devices, list, before);  // best effort
    return status;
  }
  return before;
}

}  // namespace sysbox::cgroups
