// CPUs that threads may run on: sched_getaffinity(2), as the system call has
// it.
#ifndef SYSBOX_LINUX_CPU_AFFINITY_H_
#define SYSBOX_LINUX_CPU_AFFINITY_H_

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace sysbox {

// The mask of thread `tid`, a bit for each CPU, of the size of the kernel's
// own (cpumask_size). ESRCH.
absl::StatusOr<std::string> ThreadAffinity(pid_t tid);

// How many numbers CPUs can have (the kernel's nr_cpu_ids); not how many there
// are. Never changes.
absl::StatusOr<uint32_t> CpuNumbers();

}  // namespace sysbox

#endif  // SYSBOX_LINUX_CPU_AFFINITY_H_
