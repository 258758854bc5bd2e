// Stage 0 of an exec: the host's side of putting a further process into a
// running container. One clone3: the pid namespace is the only one that must
// be entered before it.
#include <sys/types.h>

#include <algorithm>

#include "sysbox/base/status.h"
#include "sysbox/launch/host_side.h"
#include "sysbox/launch/launcher.h"
#include "sysbox/launch/stage2_init.h"
#include "sysbox/launch/sync.h"
#include "sysbox/linux/namespaces.h"

namespace sysbox::launch {
namespace {

absl::StatusOr<OwnedChild> StartExec(const ExecPlan& plan, const Pidfd& init,
                                     const LaunchFds& fds,
                                     SyncChannel child_end) {
  if (std::find(plan.namespaces.begin(), plan.namespaces.end(),
                NamespaceType::kPid) != plan.namespaces.end()) {
    // Concerns only the children of this short-lived process.
    SYSBOX_RETURN_IF_ERROR(
        EnterNamespacesOf(init.fd(), CloneFlag(NamespaceType::kPid)),
        "join the container's pid namespace");
  }
  CloneOptions options;
  if (fds.cgroup_into.valid()) options.into_cgroup = fds.cgroup_into;
  SYSBOX_ASSIGN_OR_RETURN(std::optional<OwnedChild> child, Clone(options),
                          "make process");
  if (!child.has_value()) RunExec(plan, init, fds, std::move(child_end));
  return *std::move(child);
}

absl::StatusOr<Fd> Converse(const ExecPlan& plan, const LaunchFds& fds,
                            const LaunchCallbacks& callbacks,
                            const Pidfd& child, SyncChannel& channel) {
  SYSBOX_RETURN_IF_ERROR(AdjustOomScore(plan.process, child.pid()));
  SYSBOX_RETURN_IF_ERROR(GiveStandardStreams(plan.process, plan.maps));
  SYSBOX_RETURN_IF_ERROR(channel.Send(SyncMessage::kRun));
  SYSBOX_ASSIGN_OR_RETURN(Fd terminal,
                          AwaitTerminal(plan.process, fds, channel));
  SYSBOX_RETURN_IF_ERROR(AwaitPrepared(callbacks, channel));
  SYSBOX_RETURN_IF_ERROR(SetLimits(plan.process, child.pid()));
  SYSBOX_RETURN_IF_ERROR(channel.Send(SyncMessage::kExec));
  SYSBOX_RETURN_IF_ERROR(channel.ExpectEnd());
  return terminal;
}

}  // namespace

absl::StatusOr<Launched> LaunchExec(const ExecPlan& plan, const Pidfd& init,
                                    const LaunchFds& fds,
                                    const LaunchCallbacks& callbacks) {
  SYSBOX_ASSIGN_OR_RETURN(auto channels, SyncChannel::Pair());
  auto& [channel, child_end] = channels;
  SYSBOX_ASSIGN_OR_RETURN(OwnedChild child,
                          StartExec(plan, init, fds, std::move(child_end)));
  SYSBOX_ASSIGN_OR_RETURN(
      Fd terminal, Converse(plan, fds, callbacks, child.pidfd(), channel));
  return Launched{std::move(child), std::move(terminal)};
}

}  // namespace sysbox::launch
