#include "sysbox/runtime/emulated_binds.h"

#include <fcntl.h>

#include <algorithm>
#include <string>

#include "fmt/format.h"
#include "sysbox/emu/bind_source_tree.h"
#include "sysbox/emu/emulated_mounts.h"
#include "sysbox/emu/node_spec.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/file.h"
#include "sysbox/mounts/mount_plan.h"

namespace sysbox::runtime {
namespace {

using Source = emu::EmulatedMount::Source;

mounts::EmulatedFrom FromOf(Source source) {
  switch (source) {
    case Source::kStatic:
      return mounts::EmulatedFrom::kStatic;
    case Source::kLive:
      return mounts::EmulatedFrom::kLive;
    case Source::kNative:
      return mounts::EmulatedFrom::kNative;
    case Source::kNativeIfOwned:
      return mounts::EmulatedFrom::kNativeIfOwned;
  }
  return mounts::EmulatedFrom::kNative;
}

bool IsHardware(const oci::Device& device) {
  const absl::StatusOr<std::string> place = ReadLinkAt(
      FdRef::Cwd(),
      fmt::format("/sys/dev/{}/{}:{}", device.type == "b" ? "block" : "char",
                  device.major, device.minor));
  // Without a place in /sys it has nothing to be found there.
  return place.ok() && place->find("/devices/virtual/") == std::string::npos;
}

void ListNames(FdRef mount) {
  const auto root = OpenAt(mount, ".", {.flags = O_RDONLY | O_DIRECTORY});
  if (root.ok()) (void)ReadDirectoryOnce(*root);
}

void FindMountPoints(FdRef mount, emu::Superblock superblock) {
  for (const std::string& path : emu::PathsToMountPoints(superblock)) {
    (void)OpenAt(mount, path, {.flags = O_PATH | O_NOFOLLOW});
  }
}

}  // namespace

bool GivesHardware(const oci::Spec& spec) {
  return spec.linux && std::any_of(spec.linux->devices.begin(),
                                   spec.linux->devices.end(), IsHardware);
}

std::vector<mounts::EmulatedBind> EmulatedBinds(bool hardware) {
  std::vector<mounts::EmulatedBind> binds;
  for (const emu::EmulatedMount& mount : emu::EmulatedMounts()) {
    if (hardware && mount.hides_devices) continue;
    binds.push_back({std::string(mount.path), FromOf(mount.source)});
  }
  return binds;
}

void LookAtBindSources(const api::EmulatedFilesystems& emulated) {
  ListNames(emulated.static_files);
  ListNames(emulated.live_files);
}

void LookAtMountPoints(const api::EmulatedFilesystems& emulated) {
  FindMountPoints(emulated.static_files, emu::Superblock::kStatic);
  FindMountPoints(emulated.live_files, emu::Superblock::kLive);
}

}  // namespace sysbox::runtime
