// oci::Resources as writes to cgroup v2 files (kernel
// Documentation/admin-guide/cgroup-v2.rst), with runc's conversions of the
// values that the OCI specification words in terms of v1. Pure. Device rules
// are not among them (device_program.h).
#ifndef SYSBOX_CGROUPS_V2_SETTINGS_H_
#define SYSBOX_CGROUPS_V2_SETTINGS_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/cgroups/setting.h"
#include "sysbox/oci/spec.h"

namespace sysbox::cgroups {

absl::StatusOr<std::vector<Setting>> V2Settings(
    const oci::Resources& resources);

// cpu.shares 2..262144 → cpu.weight 1..10000; 0 stays 0 (unset).
uint64_t CpuWeightFromShares(uint64_t shares);
// blkio weight 10..1000 → io.weight 1..10000; 0 stays 0.
uint64_t IoWeightFromBlkio(uint16_t weight);
// v1's memory+swap limit → v2's swap alone. -1 is unlimited, 0 unset.
// `*disable` when both are equal: no swap at all.
absl::StatusOr<int64_t> SwapOnly(int64_t memory_and_swap, int64_t memory,
                                 bool* disable);

}  // namespace sysbox::cgroups

#endif  // SYSBOX_CGROUPS_V2_SETTINGS_H_
