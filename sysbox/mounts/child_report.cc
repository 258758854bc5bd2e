#include "sysbox/mounts/child_report.h"

#include <algorithm>
#include <string>
#include <utility>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/socket.h"

namespace sysbox::mounts {
namespace {

constexpr size_t kMaxReport = 64 << 10;
constexpr char kDone[] = "0";

}  // namespace

// "0" with the mounts' descriptors, or errno and text.
absl::Status Report(FdRef socket,
                    const absl::StatusOr<std::vector<DetachedMount>>& mounts) {
  if (!mounts.ok()) {
    return SendMessage(
        socket,
        fmt::format("{} {}", std::max(1, ErrnoOf(mounts.status())),
                    MessageOf(mounts.status())),
        {});
  }
  std::vector<FdRef> fds;
  for (const DetachedMount& mount : *mounts) fds.push_back(mount.fd());
  return SendMessage(socket, kDone, fds);
}

absl::StatusOr<std::vector<DetachedMount>> ReadReport(FdRef socket) {
  SYSBOX_ASSIGN_OR_RETURN(
      ReceivedMessage report,
      ReceiveMessage(socket, kMaxReport, kMaxReportedMounts));
  if (report.data == kDone) {
    std::vector<DetachedMount> mounts;
    for (Fd& fd : report.fds) mounts.emplace_back(std::move(fd));
    return mounts;
  }
  const size_t space = std::min(report.data.find(' '), report.data.size());
  const auto error = ParseUint64(report.data.substr(0, space));
  if (!error.has_value()) return Internal("the mounting child died");
  // The text ends in the kernel's words already; keep them and the number.
  return ErrnoStatus(static_cast<int>(*error), report.data.substr(space));
}

}  // namespace sysbox::mounts
