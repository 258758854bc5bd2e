#include <algorithm>
#include <cstdint>
#include <iterator>

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

bool Names(const oci::DeviceRule& rule, const Device& device) {
  return rule.major == device.major && rule.minor == device.minor;
}

}  // namespace

absl::Status AllowOwnDevices(oci::Spec& spec, const Inputs&) {
  if (!spec.linux->resources.has_value()) return absl::OkStatus();
  auto& rules = spec.linux->resources->devices;
  if (rules.empty()) return absl::OkStatus();  // everything is allowed
  for (const Device& device : kOwn) {
    // Who names it, has decided.
    if (std::any_of(
            rules.begin(), rules.end(),
            [&](const oci::DeviceRule& rule) { return Names(rule, device); })) {
      continue;
    }
    rules.push_back({.allow = true,
                     .type = "c",
                     .major = device.major,
                     .minor = device.minor,
                     .access = "rwm"});
  }
  return absl::OkStatus();
}

}  // namespace sysbox::syscont
