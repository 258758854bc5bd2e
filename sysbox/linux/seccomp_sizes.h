// How large the kernel's structs of a seccomp listener are: they may grow
// (seccomp(2), SECCOMP_GET_NOTIF_SIZES).
#ifndef SYSBOX_LINUX_SECCOMP_SIZES_H_
#define SYSBOX_LINUX_SECCOMP_SIZES_H_

#include <cstddef>

#include "absl/status/statusor.h"

namespace sysbox {

// Of seccomp_notif and seccomp_notif_resp the larger one's bytes.
absl::StatusOr<size_t> LargestSeccompNotification();

}  // namespace sysbox

#endif  // SYSBOX_LINUX_SECCOMP_SIZES_H_
