// sched_getaffinity(2) in a container with a share of CPU time (`--cpus`): as
// many CPUs as the share is worth, so that programs that count them thus agree
// with /proc/cpuinfo. Only the answer is shorter; where threads may run is not
// touched.
#ifndef SYSBOX_TRAP_AFFINITY_CALL_H_
#define SYSBOX_TRAP_AFFINITY_CALL_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sysbox/trap/call.h"

namespace sysbox::trap {

// What the kernel answers a caller that has room for `length` bytes: how many
// it writes, or -EINVAL. `cpu_numbers` and `mask_size` are the kernel's.
int64_t AffinitySize(uint64_t length, bool narrow, uint32_t cpu_numbers,
                     size_t mask_size);

// `mask` without all but its first `count` CPUs; at least one stays.
std::string FirstCpus(std::string mask, size_t count);

// The number that a thread has for itself, of its /proc/TID/status.
std::optional<pid_t> OwnNumber(std::string_view status);

Verdict Affinity(const TrappedCall& call);

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_AFFINITY_CALL_H_
