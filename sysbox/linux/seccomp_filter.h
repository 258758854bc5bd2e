// Loads seccomp filters. seccomp(2).
#ifndef SYSBOX_LINUX_SECCOMP_FILTER_H_
#define SYSBOX_LINUX_SECCOMP_FILTER_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/linux/fd.h"

namespace sysbox {

// Loads a classic-BPF seccomp filter (seccomp(2), SECCOMP_SET_MODE_FILTER);
// `program` is an array of sock_filter. Returns the listener descriptor with
// SECCOMP_FILTER_FLAG_NEW_LISTENER in `flags`, an invalid Fd otherwise.
absl::StatusOr<Fd> LoadSeccompFilter(absl::Span<const uint64_t> program,
                                     unsigned int flags);

}  // namespace sysbox

#endif  // SYSBOX_LINUX_SECCOMP_FILTER_H_
