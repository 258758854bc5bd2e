// What a child that makes mounts tells who started it, over a SEQPACKET
// socket: mounts, or an error that keeps its errno.
#ifndef SYSBOX_MOUNTS_CHILD_REPORT_H_
#define SYSBOX_MOUNTS_CHILD_REPORT_H_

#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/mount.h"

namespace sysbox::mounts {

inline constexpr size_t kMaxReportedMounts = 2;

absl::Status Report(FdRef socket,
                    const absl::StatusOr<std::vector<DetachedMount>>& mounts);
// The error that was reported, or Internal if the child died without a word.
absl::StatusOr<std::vector<DetachedMount>> ReadReport(FdRef socket);

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_CHILD_REPORT_H_
