// Which devices a cgroup may use, reduced to what the kernel keeps: a default
// and exceptions from it. Built from the spec's ordered rules with the
// semantics of cgroup v1 (Documentation/admin-guide/cgroup-v1/devices.rst),
// written as v1 lines here and as an eBPF program by device_program.h. Pure.
#ifndef SYSBOX_CGROUPS_DEVICE_LIST_H_
#define SYSBOX_CGROUPS_DEVICE_LIST_H_

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/oci/spec.h"

namespace sysbox::cgroups {

// Bits of `access`, numbered as eBPF's BPF_DEVCG_ACC_*.
inline constexpr int kDeviceMknod = 1;
inline constexpr int kDeviceRead = 2;
inline constexpr int kDeviceWrite = 4;
inline constexpr int kDeviceAll = 7;
inline constexpr int64_t kAnyDevice = -1;  // a major or minor

struct DeviceName {
  char type = 'c';  // or 'b'
  int64_t major = kAnyDevice;
  int64_t minor = kAnyDevice;
  friend auto operator<=>(const DeviceName&, const DeviceName&) = default;
};

struct DeviceList {
  bool default_allow = false;
  // What is denied when default_allow, else what is allowed. Access not 0.
  std::map<DeviceName, int> exceptions;
  friend bool operator==(const DeviceList&, const DeviceList&) = default;
};

// Rules every container gets after its own, as runc's: mknod of anything;
// null, zero, full, random, urandom, tty, ptmx, pts. Not console, which is the
// host's: a container has a terminal of its own there.
const std::vector<oci::DeviceRule>& DefaultDeviceRules();

// Deny all, then `rules` in order. A rule that would deny a part of what a
// wider rule allowed (or the reverse) is refused, for v1 cannot say it.
// Errors name "linux.resources.devices[i]".
absl::StatusOr<DeviceList> BuildDeviceList(
    absl::Span<const oci::DeviceRule> rules);

// The text of devices.list. The kernel does not show exceptions from
// allow-all.
absl::StatusOr<DeviceList> ParseDeviceList(std::string_view text);

struct DeviceWrite {
  bool allow = false;  // devices.allow, else devices.deny
  std::string rule;    // "c 1:3 rwm"
  friend bool operator==(const DeviceWrite&, const DeviceWrite&) = default;
};

// For a new directory, whatever it inherited: sets the default, then one
// write per exception.
std::vector<DeviceWrite> FreshDeviceWrites(const DeviceList& list);
// From one list to another, with the fewest writes. Changing the default
// needs a directory without children (EINVAL otherwise).
std::vector<DeviceWrite> DeviceTransition(const DeviceList& from,
                                          const DeviceList& to);

}  // namespace sysbox::cgroups

#endif  // SYSBOX_CGROUPS_DEVICE_LIST_H_
