#include "sysbox/oci/validate_linux.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>

#include "sysbox/base/status.h"
#include "sysbox/oci/mount_options.h"
#include "sysbox/oci/quoted.h"
#include "sysbox/oci/validate_resources.h"
#include "sysbox/oci/validate_sysctl.h"

namespace sysbox::oci {
namespace {

constexpr std::string_view kNamespaceTypes[] = {
    "cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"};

absl::Status CheckNamespaces(const Spec& spec) {
  std::vector<std::string_view> seen;
  const auto& namespaces = spec.linux->namespaces;
  for (size_t i = 0; i < namespaces.size(); ++i) {
    const Namespace& ns = namespaces[i];
    if (std::find(std::begin(kNamespaceTypes), std::end(kNamespaceTypes),
                  ns.type) == std::end(kNamespaceTypes)) {
      return InvalidArgument("linux.namespaces[{}].type: unknown value {}", i,
                             Quoted(ns.type));
    }
    if (std::find(seen.begin(), seen.end(), ns.type) != seen.end()) {
      return InvalidArgument("linux.namespaces[{}].type: {} comes twice", i,
                             Quoted(ns.type));
    }
    seen.push_back(ns.type);
    if (!ns.path.empty() && ns.path[0] != '/') {
      return InvalidArgument(
          "linux.namespaces[{}].path: {} is not an absolute path", i,
          Quoted(ns.path));
    }
  }
  return absl::OkStatus();
}

// As user_namespaces(7) asks it of uid_map; whether id 0 is mapped is a
// question for ids/.
absl::Status CheckIdMappings(const std::vector<IdMapping>& mappings,
                             std::string_view field) {
  constexpr size_t kMostLines = 340;
  constexpr uint64_t kIdCount = 0xffffffff;  // (uid_t)-1 is no id
  if (mappings.size() > kMostLines) {
    return InvalidArgument("{}: {} entries, more than {}", field,
                           mappings.size(), kMostLines);
  }
  auto overlap = [](uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size) {
    return a < b + b_size && b < a + a_size;
  };
  for (size_t i = 0; i < mappings.size(); ++i) {
    const IdMapping& map = mappings[i];
    if (map.size == 0) return InvalidArgument("{}[{}].size: 0", field, i);
    if (uint64_t{map.container_id} + map.size > kIdCount ||
        uint64_t{map.host_id} + map.size > kIdCount) {
      return InvalidArgument("{}[{}].size: {} goes beyond id {}", field, i,
                             map.size, kIdCount - 1);
    }
    for (size_t j = 0; j < i; ++j) {
      const IdMapping& other = mappings[j];
      if (overlap(map.container_id, map.size, other.container_id, other.size) ||
          overlap(map.host_id, map.size, other.host_id, other.size)) {
        return InvalidArgument("{}[{}]: overlaps {}[{}]", field, i, field, j);
      }
    }
  }
  return absl::OkStatus();
}

absl::Status CheckUserMappings(const Spec& spec) {
  const Linux& linux = *spec.linux;
  SYSBOX_RETURN_IF_ERROR(
      CheckIdMappings(linux.uid_mappings, "linux.uidMappings"));
  SYSBOX_RETURN_IF_ERROR(
      CheckIdMappings(linux.gid_mappings, "linux.gidMappings"));
  if (linux.uid_mappings.empty() != linux.gid_mappings.empty()) {
    bool no_uids = linux.uid_mappings.empty();
    return InvalidArgument("linux.{}: missing, but linux.{} is there",
                           no_uids ? "uidMappings" : "gidMappings",
                           no_uids ? "gidMappings" : "uidMappings");
  }
  return absl::OkStatus();
}

absl::Status CheckDevice(const Device& device, size_t i) {
  // The kernel's MKDEV: 12 and 20 bits.
  constexpr int64_t kMaxMajor = (1 << 12) - 1;
  constexpr int64_t kMaxMinor = (1 << 20) - 1;
  if (!device.path.starts_with('/')) {
    return InvalidArgument("linux.devices[{}].path: {} is not an absolute path",
                           i, Quoted(device.path));
  }
  if (device.type.size() != 1 ||
      std::string_view("cubp").find(device.type) == std::string_view::npos) {
    return InvalidArgument("linux.devices[{}].type: unknown value {}", i,
                           Quoted(device.type));
  }
  if (device.type == "p") return absl::OkStatus();  // has no numbers
  if (device.major < 0 || device.major > kMaxMajor) {
    return InvalidArgument("linux.devices[{}].major: {} is not from 0 to {}", i,
                           device.major, kMaxMajor);
  }
  if (device.minor < 0 || device.minor > kMaxMinor) {
    return InvalidArgument("linux.devices[{}].minor: {} is not from 0 to {}", i,
                           device.minor, kMaxMinor);
  }
  return absl::OkStatus();
}

absl::Status CheckDevices(const Spec& spec) {
  for (size_t i = 0; i < spec.linux->devices.size(); ++i) {
    SYSBOX_RETURN_IF_ERROR(CheckDevice(spec.linux->devices[i], i));
  }
  return absl::OkStatus();
}

absl::Status CheckResources(const Spec& spec) {
  if (!spec.linux->resources) return absl::OkStatus();
  return ValidateResources(*spec.linux->resources);
}

absl::Status CheckPropagation(const Spec& spec) {
  const std::string& mode = spec.linux->rootfs_propagation;
  if (mode.empty() || PropagationFlag(mode) != 0) return absl::OkStatus();
  return InvalidArgument("linux.rootfsPropagation: unknown value {}",
                         Quoted(mode));
}

absl::Status CheckAbsolute(const std::vector<std::string>& paths,
                           std::string_view field) {
  for (size_t i = 0; i < paths.size(); ++i) {
    if (paths[i].starts_with('/')) continue;
    return InvalidArgument("{}[{}]: {} is not an absolute path", field, i,
                           Quoted(paths[i]));
  }
  return absl::OkStatus();
}

absl::Status CheckPaths(const Spec& spec) {
  SYSBOX_RETURN_IF_ERROR(
      CheckAbsolute(spec.linux->masked_paths, "linux.maskedPaths"));
  return CheckAbsolute(spec.linux->readonly_paths, "linux.readonlyPaths");
}

absl::Status CheckPersonality(const Spec& spec) {
  if (!spec.linux->personality) return absl::OkStatus();
  const Personality& personality = *spec.linux->personality;
  if (personality.domain != "LINUX" && personality.domain != "LINUX32") {
    return InvalidArgument("linux.personality.domain: unknown value {}",
                           Quoted(personality.domain));
  }
  if (!personality.flags.empty()) {
    return InvalidArgument("linux.personality.flags[0]: unknown value {}",
                           Quoted(personality.flags[0]));
  }
  return absl::OkStatus();
}

absl::Status CheckTimeOffsets(const Spec& spec) {
  constexpr uint32_t kSecond = 1000000000;
  if (spec.linux->time_offsets.empty()) return absl::OkStatus();
  for (const auto& [clock, offset] : spec.linux->time_offsets) {
    if (clock != "monotonic" && clock != "boottime") {
      return InvalidArgument("linux.timeOffsets: unknown clock {}",
                             Quoted(clock));
    }
    if (offset.nanosecs >= kSecond) {
      return InvalidArgument(
          "linux.timeOffsets.{}.nanosecs: {} is not less than {}", clock,
          offset.nanosecs, kSecond);
    }
  }
  // time_namespaces(7): only writable before anything is in it.
  const Namespace* time = FindNamespace(*spec.linux, "time");
  if (time != nullptr && time->path.empty()) return absl::OkStatus();
  return InvalidArgument("linux.timeOffsets: needs a new time namespace");
}

constexpr absl::Status (*kChecks[])(const Spec&) = {
    &CheckNamespaces, &CheckUserMappings, &CheckDevices,
    &CheckResources,  &ValidateSysctls,   &CheckPropagation,
    &CheckPaths,      &CheckPersonality,  &CheckTimeOffsets,
};

}  // namespace

absl::Status ValidateLinux(const Spec& spec) {
  for (auto check : kChecks) SYSBOX_RETURN_IF_ERROR(check(spec));
  return absl::OkStatus();
}

std::vector<std::string_view> KnownNamespaceTypes() {
  return {std::begin(kNamespaceTypes), std::end(kNamespaceTypes)};
}

const Namespace* FindNamespace(const Linux& linux, std::string_view type) {
  for (const Namespace& ns : linux.namespaces) {
    if (ns.type == type) return &ns;
  }
  return nullptr;
}

}  // namespace sysbox::oci
