// A DeviceList as an eBPF program of type BPF_PROG_TYPE_CGROUP_DEVICE, cgroup
// v2's way of allowing devices. Pure; linux/bpf.h loads and attaches it.
#ifndef SYSBOX_CGROUPS_DEVICE_PROGRAM_H_
#define SYSBOX_CGROUPS_DEVICE_PROGRAM_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "sysbox/cgroups/device_list.h"

namespace sysbox::cgroups {

// Each element is one struct bpf_insn. Needs Linux 5.1 (32-bit jumps).
std::vector<uint64_t> DeviceProgram(const DeviceList& list);

// One instruction per line, for tests and debugging:
// "  7: if w4 != 1 goto 10".
std::string DescribeDeviceProgram(absl::Span<const uint64_t> program);

}  // namespace sysbox::cgroups

#endif  // SYSBOX_CGROUPS_DEVICE_PROGRAM_H_
