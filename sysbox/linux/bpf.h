// eBPF programs on cgroups (bpf(2)): only what device rules need.
#ifndef SYSBOX_LINUX_BPF_H_
#define SYSBOX_LINUX_BPF_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/linux/fd.h"

namespace sysbox {

// Loads a BPF_PROG_TYPE_CGROUP_DEVICE program; each element is one struct
// bpf_insn as its 8 bytes. The error carries the verifier's last line.
absl::StatusOr<Fd> LoadDeviceProgram(absl::Span<const uint64_t> instructions);
// Attaches it to a cgroup v2 directory (BPF_F_ALLOW_MULTI).
absl::Status AttachDeviceProgram(FdRef program, FdRef cgroup);
// Detaches every device program of `cgroup`, except `keep` if valid.
absl::Status DetachDevicePrograms(FdRef cgroup, FdRef keep);

}  // namespace sysbox

#endif  // SYSBOX_LINUX_BPF_H_
