#include "sysbox/mounts/child_report.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/socket.h"

namespace sysbox::mounts {
namespace {

constexpr size_t kMaxReport = 64 << 10;
constexpr char kDone[] = "0";

}  // namespace

// "0" with the mounts' descriptors, or "CODE ERRNO TEXT" of a status.
absl::Status Report(FdRef socket,
                    const absl::StatusOr<std::vector<DetachedMount>>& mounts) {
  if (!mounts.ok()) {
    return SendMessage(
        socket,
        fmt::format("{} {} {}", mounts.status().raw_code(),
                    ErrnoOf(mounts.status()), MessageOf(mounts.status())),
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
  const std::vector<absl::string_view> parts =
      absl::StrSplit(report.data, absl::MaxSplits(' ', 2));
  if (parts.size() != 3) return Internal("the mounting child died");
  const auto code = ParseUint64(ToStd(parts[0]));
  const auto error = ParseUint64(ToStd(parts[1]));
  if (!code.has_value() || !error.has_value()) {
    return Internal("the mounting child's report: \"{}\"", report.data);
  }
  return RestoreStatus(static_cast<int>(*code), static_cast<int>(*error),
                       ToStd(parts[2]));
}

}  // namespace sysbox::mounts
