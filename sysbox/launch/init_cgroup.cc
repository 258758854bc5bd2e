#include "sysbox/launch/init_cgroup.h"

#include <unistd.h>

#include <cerrno>
#include <optional>

#include "absl/strings/str_split.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/linux/process.h"
#include "sysbox/linux/socket.h"

namespace sysbox::launch {
namespace {

// Not an error where it cannot be: a hook may have left a process behind that
// is in the way, or an exec have done it. The container owns the file, and is
// told why when it writes there.
void Delegate(FdRef subtree_control, const std::string& controllers) {
  if (WriteAll(subtree_control, controllers).ok()) return;
  for (absl::string_view one : absl::StrSplit(controllers, ' ')) {
    (void)WriteAll(subtree_control, ToStd(one));
  }
}

// Opened by itself: it is not dumpable, so that nobody else may.
absl::Status SendOwnNamespace(FdRef socket) {
  SYSBOX_ASSIGN_OR_RETURN(const Fd ns,
                          OpenOwnNamespace(NamespaceType::kCgroup));
  const FdRef fds[] = {ns};
  return SendMessage(socket, "n", fds);
}

}  // namespace

absl::Status EnterCgroupNamespaceAt(FdRef root) {
  SYSBOX_ASSIGN_OR_RETURN(auto sockets, SocketPair(SocketKind::kSeqPacket));
  CloneOptions options;
  options.flags = CloneFlag(NamespaceType::kCgroup);
  options.into_cgroup = root;
  SYSBOX_ASSIGN_OR_RETURN(std::optional<OwnedChild> child, Clone(options),
                          "make cgroup namespace");
  if (!child.has_value()) _exit(ErrnoOf(SendOwnNamespace(sockets.second)));
  sockets.second.Reset();
  SYSBOX_ASSIGN_OR_RETURN(
      const ReceivedMessage sent,
      ReceiveMessage(sockets.first, /*max_size=*/1, /*max_fds=*/1),
      "make cgroup namespace");
  // Awaited: it is in a cgroup that is to have no processes.
  SYSBOX_ASSIGN_OR_RETURN(const ExitStatus ended, child->Wait());
  if (sent.fds.size() != 1) {
    return ErrnoStatus(ended.code, "make cgroup namespace");
  }
  return EnterNamespace(sent.fds[0], NamespaceType::kCgroup);
}

absl::Status EnterCgroups(const LaunchFds& fds) {
  for (FdRef tasks : fds.cgroup_tasks) {
    SYSBOX_RETURN_IF_ERROR(WriteAll(tasks, "0"), "enter cgroup");
  }
  return absl::OkStatus();
}

absl::Status EnterLeaf(const CgroupLeaf& leaf) {
  const Fd procs(leaf.procs.get());
  const Fd subtree_control(leaf.subtree_control.get());
  if (procs.valid()) {
    const absl::Status moved = WriteAll(procs, "0");
    // Before Linux 5.16 the writer's rights counted, not the opener's, and the
    // container's root alone has them. Another user's program stays in the
    // directory above, with the same limits.
    if (ErrnoOf(moved) == EACCES) return absl::OkStatus();
    SYSBOX_RETURN_IF_ERROR(moved, "enter cgroup");
  }
  if (subtree_control.valid()) Delegate(subtree_control, leaf.delegated);
  return absl::OkStatus();
}

}  // namespace sysbox::launch
