// A container as a systemd scope unit: its name, where its cgroup is, and the
// properties for org.freedesktop.systemd1.Manager.StartTransientUnit
// (systemd.resource-control(5)). Pure; systemd_bus.h talks to systemd.
#ifndef SYSBOX_CGROUPS_SYSTEMD_UNIT_H_
#define SYSBOX_CGROUPS_SYSTEMD_UNIT_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/oci/spec.h"

namespace sysbox::cgroups {

struct SystemdUnit {
  std::string slice;  // "system.slice"
  std::string name;   // "docker-0123.scope"
  // "/a.slice/a-b.slice/docker-0123.scope", in every hierarchy.
  std::string path;
};

// From linux.cgroupsPath "slice:prefix:name". Empty means the scope
// "sysbox-ID.scope" in system.slice; so does an empty slice.
absl::StatusOr<SystemdUnit> ParseSystemdUnit(std::string_view cgroups_path,
                                             std::string_view container_id);

// "a-b.slice" → "/a.slice/a-b.slice"; "-.slice" → "".
absl::StatusOr<std::string> SlicePath(std::string_view slice);

// The D-Bus types that these properties have: s, b, t, as, au, ay, a(ss).
using UnitValue =
    std::variant<std::string, bool, uint64_t, std::vector<std::string>,
                 std::vector<uint32_t>, std::vector<uint8_t>,
                 std::vector<std::pair<std::string, std::string>>>;
struct UnitProperty {
  std::string name;
  UnitValue value;
};

// What every container's scope has. `pid` is its first process.
std::vector<UnitProperty> ScopeProperties(const SystemdUnit& unit,
                                          std::string_view description,
                                          bool unified, pid_t pid);

// Limits, so that systemd shows them and does not undo them. What systemd has
// no property for is only in the cgroup's files.
absl::StatusOr<std::vector<UnitProperty>> LimitProperties(
    const oci::Resources& resources, bool unified);

// DevicePolicy and DeviceAllow: systemd would otherwise, on a daemon-reload,
// reset what we wrote. `proc_devices` is the content of /proc/devices.
absl::StatusOr<std::vector<UnitProperty>> DeviceProperties(
    const oci::Resources& resources, std::string_view proc_devices);

// "0-2,7" → a bit mask, first byte lowest.
absl::StatusOr<std::vector<uint8_t>> CpuMask(std::string_view list);

// One property per line, for tests.
std::string DescribeProperties(const std::vector<UnitProperty>& properties);

}  // namespace sysbox::cgroups

#endif  // SYSBOX_CGROUPS_SYSTEMD_UNIT_H_
