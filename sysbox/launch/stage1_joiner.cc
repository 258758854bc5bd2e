#include "sysbox/launch/stage1_joiner.h"

#include <sched.h>
#include <unistd.h>

#include "sysbox/base/status.h"
#include "sysbox/launch/host_network.h"
#include "sysbox/launch/namespace_flags.h"
#include "sysbox/launch/stage2_init.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/linux/process.h"

namespace sysbox::launch {
namespace {

absl::Status Join(const LaunchPlan& plan, const LaunchFds& fds,
                  const NamespacesToJoin& joined, SyncChannel& channel) {
  SYSBOX_RETURN_IF_ERROR(SetProcessName("sysbox[1:join]"));
  // Init, forked into namespaces that others may be in already, inherits it;
  // see JoinAndRun in stage2_init.cc.
  SYSBOX_RETURN_IF_ERROR(SetDumpable(false));
  for (const auto& [type, fd] : joined) {
    SYSBOX_RETURN_IF_ERROR(EnterNamespace(fd, type), "join {} namespace",
                           ProcName(type));
    if (type == NamespaceType::kNetwork && plan.network_of_host) {
      SYSBOX_RETURN_IF_ERROR(WriteNetworkSysctls(plan));
    }
  }
  CloneOptions options;
  options.flags = InitCloneFlags(plan) | CLONE_PARENT;
  options.exit_signal = 0;  // CLONE_PARENT takes the joiner's own, SIGCHLD
  SYSBOX_ASSIGN_OR_RETURN(std::optional<OwnedChild> init, Clone(options),
                          "make init");
  if (!init.has_value()) RunInit(plan, fds, std::move(channel));
  FdRef pidfd[] = {init->pidfd().fd()};
  pid_t pid = init->pid();
  SYSBOX_RETURN_IF_ERROR(channel.Send(SyncMessage::kForked, pid, {}, pidfd));
  (void)init->Release();  // the launcher's child, not ours
  return absl::OkStatus();
}

}  // namespace

void RunJoiner(const LaunchPlan& plan, const LaunchFds& fds,
               const NamespacesToJoin& joined, SyncChannel channel) {
  absl::Status result = Join(plan, fds, joined, channel);
  if (!result.ok()) channel.SendError(result);
  _exit(result.ok() ? 0 : 1);
}

}  // namespace sysbox::launch
