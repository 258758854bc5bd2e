#include <algorithm>
#include <cstdint>
#include <iterator>

#include "sysbox/base/clean_path.h"
#include "sysbox/syscont/transforms.h"

namespace sysbox::syscont {
namespace {

struct Device {
  int64_t major;
  int64_t minor;
};
// Documentation/admin-guide/devices.txt. What they give belongs to the
// namespaces of who opens them: mounts, and network devices.
constexpr Device kOwn[] = {
    {10, 200},  // net/tun
    {10, 229},  // fuse
};

// A denial that names one is Docker's default for /dev/fuse, not the user's:
// no option of an engine's makes one.
bool Decides(const oci::DeviceRule& rule, const Device& device) {
  return rule.allow && rule.major == device.major && rule.minor == device.minor;
}

void AllowOwnDevices(std::vector<oci::DeviceRule>& rules) {
  if (rules.empty()) return;  // everything is allowed
  for (const Device& device : kOwn) {
    if (std::any_of(rules.begin(), rules.end(),
                    [&](const oci::DeviceRule& rule) {
                      return Decides(rule, device);
                    })) {
      continue;
    }
    rules.push_back({.allow = true,
                     .type = "c",
                     .major = device.major,
                     .minor = device.minor,
                     .access = "rwm"});
  }
}

// The host's console. A container's /dev/console is a terminal of its own, but
// engines allow this one to all, and anybody may make a node of it inside.
bool IsHostsConsole(int64_t major, int64_t minor) {
  return major == 5 && minor == 1;
}

void WithdrawConsole(oci::Linux& linux) {
  const bool given = std::any_of(
      linux.devices.begin(), linux.devices.end(),
      [](const oci::Device& device) {
        return device.type == "c" && IsHostsConsole(device.major, device.minor);
      });
  if (given) return;
  std::erase_if(linux.resources->devices, [](const oci::DeviceRule& rule) {
    return rule.allow && rule.type == "c" && rule.major && rule.minor &&
           IsHostsConsole(*rule.major, *rule.minor);
  });
}

bool HasNode(const oci::Linux& linux, const oci::Device& device) {
  return std::any_of(linux.devices.begin(), linux.devices.end(),
                     [&](const oci::Device& own) {
                       return CleanPath(own.path) == device.path;
                     });
}

}  // namespace

absl::Status AddOwnDevices(oci::Spec& spec, const Inputs& inputs) {
  for (const oci::Device& device : inputs.own_devices) {
    if (!HasNode(*spec.linux, device)) spec.linux->devices.push_back(device);
  }
  if (spec.linux->resources.has_value()) {
    AllowOwnDevices(spec.linux->resources->devices);
    WithdrawConsole(*spec.linux);
  }
  return absl::OkStatus();
}

}  // namespace sysbox::syscont
