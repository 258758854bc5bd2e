// Capabilities of the calling process. capabilities(7), prctl(2).
// All apply to the calling thread only where the kernel does so (raw syscalls;
// glibc's cross-thread broadcast is not used): call them while single-threaded.
#ifndef SYSBOX_LINUX_CAPABILITIES_H_
#define SYSBOX_LINUX_CAPABILITIES_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"

namespace sysbox {

// A set of capabilities; bit n is capability number n.
using CapabilitySet = uint64_t;
constexpr bool Contains(CapabilitySet set, int number) {
  return (set >> number & 1) != 0;
}
// "CAP_SYS_ADMIN" (any case, with or without CAP_); nullopt if unknown.
std::optional<int> CapabilityNumber(std::string_view name);
// "CAP_SYS_ADMIN"; empty for numbers this build does not know.
std::string_view CapabilityName(int number);
// All bits 0..cap_last_cap of the running kernel.
absl::StatusOr<CapabilitySet> AllCapabilities();

struct CapabilitySets {
  CapabilitySet bounding = 0;
  CapabilitySet effective = 0;
  CapabilitySet permitted = 0;
  CapabilitySet inheritable = 0;
  CapabilitySet ambient = 0;
};
// All five. Bounding and ambient take two calls for each capability.
absl::StatusOr<CapabilitySets> OwnCapabilities();
// capget(2): what SetCapabilities sets; the others are left empty.
absl::StatusOr<CapabilitySets> GetCapabilities();
// Those of any thread, in its user namespace. ESRCH: there is none; 0 is none,
// too, not the caller.
absl::StatusOr<CapabilitySets> CapabilitiesOf(pid_t tid);
// Drops the bounding set's other bits. Needs CAP_SETPCAP; do it before ids.
absl::Status LimitBounding(CapabilitySet keep);
// capset(2) of effective, permitted and inheritable.
absl::Status SetCapabilities(const CapabilitySets& sets);
// Clears, then raises the ambient set. Bits must be permitted + inheritable.
absl::Status SetAmbient(CapabilitySet ambient);
absl::Status KeepCapabilitiesOverSetuid(bool keep);  // PR_SET_KEEPCAPS

}  // namespace sysbox

#endif  // SYSBOX_LINUX_CAPABILITIES_H_
