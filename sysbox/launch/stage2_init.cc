#include "sysbox/launch/stage2_init.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/launch/become_program.h"
#include "sysbox/launch/hooks.h"
#include "sysbox/launch/init_bundle.h"
#include "sysbox/launch/init_cgroup.h"
#include "sysbox/launch/init_console.h"
#include "sysbox/launch/init_credentials.h"
#include "sysbox/launch/init_identity.h"
#include "sysbox/launch/namespace_flags.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/linux/process.h"
#include "sysbox/mounts/apply.h"
#include "sysbox/mounts/locked_mounts.h"

namespace sysbox::launch {
namespace {

constexpr int kSetupFailed = 1;
constexpr int kFirstInherited = 3;

// Lets go of everything else the launcher has open: its end of the channel,
// whose closing tells us of its death, locks, its connection to the manager.
absl::Status KeepOnly(const LaunchFds& fds, const SyncChannel& channel,
                      int preserve_fds, std::vector<int> also = {}) {
  std::vector<int> keep = std::move(also);
  keep.push_back(channel.socket().get());
  for (FdRef fd : {fds.exec_fifo, fds.cgroup_namespace_root,
                   fds.cgroup_leaf.procs, fds.cgroup_leaf.subtree_control}) {
    keep.push_back(fd.get());
  }
  return CloseFrom(kFirstInherited + preserve_fds, std::move(keep));
}

absl::StatusOr<std::vector<DetachedMount>> ReceiveMounts(SyncChannel& channel) {
  std::vector<DetachedMount> mounts;
  while (true) {
    SYSBOX_ASSIGN_OR_RETURN(SyncPacket packet,
                            channel.Expect(SyncMessage::kMounts));
    // One character a mount: '-' where an optional source is absent.
    auto fd = packet.fds.begin();
    for (char present : packet.text) {
      if (present == '-') {
        mounts.emplace_back();
      } else if (fd != packet.fds.end()) {
        mounts.emplace_back(std::move(*fd++));
      }
    }
    if (packet.value == 1) return mounts;
  }
}

// Takes the stage, if there is one, into the new mount namespace.
absl::StatusOr<DetachedMount> EnterMounts(const LaunchPlan& plan,
                                          SyncChannel& channel) {
  DetachedMount stage;
  if (mounts::HasLocked(plan.mounts)) {
    SYSBOX_ASSIGN_OR_RETURN(SyncPacket packet,
                            channel.Expect(SyncMessage::kStage));
    if (packet.fds.size() != 1) return Internal("the launcher sent no stage");
    stage = DetachedMount(std::move(packet.fds[0]));
  }
  SYSBOX_RETURN_IF_ERROR(mounts::EnterMountNamespace(stage));
  return stage;
}

absl::StatusOr<std::vector<DetachedMount>> TakeMounts(
    const LaunchPlan& plan, const DetachedMount& stage, SyncChannel& channel) {
  SYSBOX_ASSIGN_OR_RETURN(std::vector<DetachedMount> mounts,
                          ReceiveMounts(channel));
  if (!stage.valid()) return mounts;
  SYSBOX_RETURN_IF_ERROR(channel.Expect(SyncMessage::kLocked).status());
  SYSBOX_RETURN_IF_ERROR(
      mounts::CollectLocked(plan.mounts, stage.fd(), mounts));
  return mounts;
}

// The kernel takes the working directory along into a new mount namespace: to
// a place, that is, whose path container root could not walk (Docker's).
bool GoToRootfs(const LaunchPlan& plan) {
  if (!plan.rootfs_at_its_path) return false;
  const auto rootfs =
      Open(plan.mounts.rootfs.path, {.flags = O_PATH | O_DIRECTORY});
  return rootfs.ok() && ChangeDirectory(*rootfs).ok();
}

// "/" is the one directory that is certain to exist and to be reachable by the
// container's root.
std::string PlaceForRootfs(bool is_here) {
  const bool reachable =
      is_here && Open(".", {.flags = O_PATH | O_DIRECTORY}).ok();
  return reachable ? "." : "/";
}

// Everything in the container's root file system up to the point where the
// host's hooks must have run. The old root stays visible (proc and sysfs may
// only be mounted while a full instance is in sight).
absl::StatusOr<Fd> BuildRoot(const LaunchPlan& plan, const std::string& place,
                             std::vector<DetachedMount>& mounts) {
  SYSBOX_ASSIGN_OR_RETURN(Fd root,
                          mounts::AttachRootfs(plan.mounts, mounts[0], place));
  SYSBOX_RETURN_IF_ERROR(mounts::AttachMounts(plan.mounts, root, mounts));
  return root;
}

absl::Status FinishRoot(const LaunchPlan& plan, const DetachedMount& stage,
                        Fd& root, std::vector<DetachedMount>& mounts) {
  SYSBOX_RETURN_IF_ERROR(mounts::ReplaceRoot(plan.mounts, stage.fd(), root));
  SYSBOX_RETURN_IF_ERROR(mounts::EnterRootfs(plan.mounts, root));
  SYSBOX_RETURN_IF_ERROR(WriteSysctls(plan, root));
  return mounts::AttachLastMounts(plan.mounts, root, mounts);
}

absl::Status MakeNamespaces(const LaunchPlan& plan, const LaunchFds& fds) {
  uint64_t flags = InitUnshareFlags(plan);
  const Fd cgroup_root(fds.cgroup_namespace_root.get());
  constexpr auto kCgroup = NamespaceType::kCgroup;
  if (cgroup_root.valid() && MakesNew(plan, kCgroup)) {
    SYSBOX_RETURN_IF_ERROR(EnterCgroupNamespaceAt(cgroup_root));
    flags &= ~CloneFlag(kCgroup);
  }
  return Unshare(flags);
}

// Whose clocks the launcher has set: nobody can any more. While the host's
// /proc is in sight.
absl::Status EnterTimeNamespace() {
  SYSBOX_ASSIGN_OR_RETURN(
      const Fd made, OpenNamespacePath("/proc/thread-self/ns/time_for_children",
                                       NamespaceType::kTime));
  return EnterNamespace(made, NamespaceType::kTime);
}

absl::Status Init(const LaunchPlan& plan, const LaunchFds& fds,
                  SyncChannel& channel) {
  SYSBOX_RETURN_IF_ERROR(SetProcessName("sysbox[2:init]"));
  SYSBOX_RETURN_IF_ERROR(SetDumpable(false));  // as in JoinAndRun
  SYSBOX_RETURN_IF_ERROR(EnterCgroups(fds));
  SYSBOX_RETURN_IF_ERROR(KeepOnly(fds, channel, plan.process.preserve_fds));
  SYSBOX_RETURN_IF_ERROR(NewSession());
  SYSBOX_RETURN_IF_ERROR(channel.Expect(SyncMessage::kMapped).status());
  const bool is_in_rootfs = GoToRootfs(plan);
  SYSBOX_RETURN_IF_ERROR(BecomeContainerRoot());
  SYSBOX_RETURN_IF_ERROR(MakeNamespaces(plan, fds));
  SYSBOX_ASSIGN_OR_RETURN(DetachedMount stage, EnterMounts(plan, channel));
  SYSBOX_RETURN_IF_ERROR(channel.Send(SyncMessage::kNamespaced));
  SYSBOX_RETURN_IF_ERROR(SetIdentity(plan));
  SYSBOX_ASSIGN_OR_RETURN(std::vector<DetachedMount> mounts,
                          TakeMounts(plan, stage, channel));
  if (!plan.create_container_hooks.empty()) {
    SYSBOX_RETURN_IF_ERROR(ShowBundle(plan), "show hooks the bundle");
  }
  SYSBOX_ASSIGN_OR_RETURN(
      Fd root, BuildRoot(plan, PlaceForRootfs(is_in_rootfs), mounts));
  std::optional<Terminal> terminal;
  if (plan.process.terminal) {
    SYSBOX_ASSIGN_OR_RETURN(terminal,
                            MakeTerminal(root, plan.process, channel));
    SYSBOX_RETURN_IF_ERROR(AttachConsole(root, *terminal));
  }
  SYSBOX_RETURN_IF_ERROR(channel.Send(SyncMessage::kMounted, getpid()));
  SYSBOX_ASSIGN_OR_RETURN(SyncPacket run, channel.Expect(SyncMessage::kRun));
  if (SetsClocks(plan)) SYSBOX_RETURN_IF_ERROR(EnterTimeNamespace());
  SYSBOX_RETURN_IF_ERROR(
      RunHooks("createContainer", plan.create_container_hooks, run.text, root));
  SYSBOX_RETURN_IF_ERROR(FinishRoot(plan, stage, root, mounts));
  mounts.clear();
  stage = DetachedMount();
  if (terminal.has_value()) {
    SYSBOX_RETURN_IF_ERROR(AdoptTerminal(*terminal, plan.process));
    terminal.reset();
  }
  StartGate gate = {fds.exec_fifo, fds.cgroup_leaf,
                    &plan.start_container_hooks};
  return BecomeProgram(plan.process, root, gate, channel);
}

absl::Status JoinAndRun(const ExecPlan& plan, const Pidfd& init,
                        const LaunchFds& fds, SyncChannel& channel) {
  SYSBOX_RETURN_IF_ERROR(SetProcessName("sysbox[2:exec]"));
  // Before it is the container's to trace: until it changes its ids, the
  // kernel still takes it for the host's root (CVE-2016-9962).
  SYSBOX_RETURN_IF_ERROR(SetDumpable(false));
  SYSBOX_RETURN_IF_ERROR(EnterCgroups(fds));
  SYSBOX_RETURN_IF_ERROR(
      KeepOnly(fds, channel, plan.process.preserve_fds, {init.fd().get()}));
  uint64_t flags = 0;
  for (NamespaceType type : plan.namespaces) {
    if (type != NamespaceType::kPid) flags |= CloneFlag(type);
  }
  SYSBOX_RETURN_IF_ERROR(EnterNamespacesOf(init.fd(), flags),
                         "join the container's namespaces");
  SYSBOX_RETURN_IF_ERROR(NewSession());
  SYSBOX_RETURN_IF_ERROR(channel.Expect(SyncMessage::kRun).status());
  SYSBOX_RETURN_IF_ERROR(BecomeContainerRoot());
  SYSBOX_ASSIGN_OR_RETURN(Fd root, Open("/", {.flags = O_PATH | O_DIRECTORY}));
  if (plan.process.terminal) {
    SYSBOX_ASSIGN_OR_RETURN(Terminal terminal,
                            MakeTerminal(root, plan.process, channel));
    SYSBOX_RETURN_IF_ERROR(AdoptTerminal(terminal, plan.process));
  }
  return BecomeProgram(plan.process, root, {}, channel);
}

[[noreturn]] void Fail(const absl::Status& error, SyncChannel& channel) {
  channel.SendError(error);
  _exit(kSetupFailed);
}

}  // namespace

void RunInit(const LaunchPlan& plan, const LaunchFds& fds,
             SyncChannel channel) {
  Fail(Init(plan, fds, channel), channel);
}

void RunExec(const ExecPlan& plan, const Pidfd& init, const LaunchFds& fds,
             SyncChannel channel) {
  Fail(JoinAndRun(plan, init, fds, channel), channel);
}

}  // namespace sysbox::launch
