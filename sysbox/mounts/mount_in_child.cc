#include "sysbox/mounts/mount_in_child.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <csignal>
#include <optional>
#include <utility>
#include <vector>

#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/process.h"
#include "sysbox/linux/socket.h"
#include "sysbox/mounts/child_report.h"

namespace sysbox::mounts {
namespace {

using Make = absl::FunctionRef<absl::StatusOr<DetachedMount>(FdRef root)>;

// In the child.
absl::StatusOr<std::vector<DetachedMount>> MakeHere(Make make) {
  SYSBOX_ASSIGN_OR_RETURN(const Fd root,
                          Open("/", {.flags = O_PATH | O_DIRECTORY}));
  SYSBOX_RETURN_IF_ERROR(SetMountAttributes(
      root, {.set = 0, .clear = 0, .propagation = MS_PRIVATE}, true));
  std::vector<DetachedMount> mounts(1);
  SYSBOX_ASSIGN_OR_RETURN(mounts.front(), make(root));
  return mounts;
}

}  // namespace

absl::StatusOr<DetachedMount> MakeMountInChild(Make make) {
  SYSBOX_ASSIGN_OR_RETURN(auto sockets, SocketPair(SocketKind::kSeqPacket));
  SYSBOX_ASSIGN_OR_RETURN(std::optional<OwnedChild> child,
                          Clone({.flags = CLONE_NEWNS,
                                 .into_cgroup = std::nullopt,
                                 .exit_signal = SIGCHLD}));
  if (!child.has_value()) {
    const absl::Status sent = Report(sockets.second, MakeHere(make));
    _exit(sent.ok() ? 0 : 1);
  }
  sockets.second.Reset();
  auto mounts = ReadReport(sockets.first);
  SYSBOX_RETURN_IF_ERROR(child->Wait().status());
  SYSBOX_RETURN_IF_ERROR(mounts.status());
  if (mounts->size() != 1) return Internal("the mounting child sent no mount");
  return std::move(mounts->front());
}

}  // namespace sysbox::mounts
