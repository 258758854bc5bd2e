// Stage 0 of a new container: the host's side of the conversation in sync.h.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/launch/host_side.h"
#include "sysbox/launch/launcher.h"
#include "sysbox/launch/namespace_flags.h"
#include "sysbox/launch/stage1_joiner.h"
#include "sysbox/launch/stage2_init.h"
#include "sysbox/launch/sync.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/mounts/apply.h"
#include "sysbox/mounts/locked_mounts.h"
#include "sysbox/mounts/locking_stage.h"

namespace sysbox::launch {
namespace {

constexpr size_t kMountsPerMessage = 200;  // SCM_MAX_FD is 253

// The user namespace that owns the first joined network, ipc or pid
// namespace that is not the host's: what `--net=container:X` shares with X.
absl::StatusOr<Fd> SharedOwner(const NamespacesToJoin& joined) {
  for (const auto& [type, fd] : joined) {
    if (type == NamespaceType::kUser) continue;
    SYSBOX_ASSIGN_OR_RETURN(const bool of_host, IsOwnedByUs(fd));
    if (!of_host) return OwningUserNamespace(fd);
  }
  return FailedPrecondition("no joined namespace to share an owner with");
}

absl::StatusOr<NamespacesToJoin> OpenJoined(const LaunchPlan& plan) {
  NamespacesToJoin joined;
  NamespacesToJoin user;
  for (const JoinedNamespace& entry : plan.joined_namespaces) {
    SYSBOX_ASSIGN_OR_RETURN(Fd fd, OpenNamespacePath(entry.path, entry.type),
                            "linux.namespaces: join {} namespace",
                            ProcName(entry.type));
    (entry.type == NamespaceType::kUser ? user : joined)
        .emplace_back(entry.type, std::move(fd));
  }
  if (plan.share_network_owner && user.empty()) {
    SYSBOX_ASSIGN_OR_RETURN(Fd owner, SharedOwner(joined));
    user.emplace_back(NamespaceType::kUser, std::move(owner));
  }
  std::move(user.begin(), user.end(), std::back_inserter(joined));
  return joined;
}

absl::StatusOr<OwnedChild> StartInit(const LaunchPlan& plan,
                                     const LaunchFds& fds,
                                     SyncChannel child_end) {
  CloneOptions options;
  options.flags = InitCloneFlags(plan);
  if (fds.cgroup_into.valid()) options.into_cgroup = fds.cgroup_into;
  SYSBOX_ASSIGN_OR_RETURN(std::optional<OwnedChild> init, Clone(options),
                          "make init");
  if (!init.has_value()) RunInit(plan, fds, std::move(child_end));
  return *std::move(init);
}

absl::StatusOr<OwnedChild> StartThroughJoiner(const LaunchPlan& plan,
                                              const LaunchFds& fds,
                                              const NamespacesToJoin& joined,
                                              SyncChannel& channel,
                                              SyncChannel child_end) {
  CloneOptions options;
  // As the host's root still: init inherits it.
  if (fds.cgroup_into.valid()) options.into_cgroup = fds.cgroup_into;
  SYSBOX_ASSIGN_OR_RETURN(std::optional<OwnedChild> joiner, Clone(options),
                          "make joiner");
  if (!joiner.has_value()) {
    RunJoiner(plan, fds, joined, std::move(child_end));
  }
  child_end.Close();
  SYSBOX_ASSIGN_OR_RETURN(SyncPacket forked,
                          channel.Expect(SyncMessage::kForked));
  if (forked.fds.size() != 1) return Internal("joiner sent no pidfd");
  OwnedChild init(static_cast<pid_t>(forked.value), std::move(forked.fds[0]));
  SYSBOX_RETURN_IF_ERROR(joiner->Wait().status(), "await joiner");
  return init;
}

absl::Status SendMounts(std::vector<DetachedMount> mounts,
                        SyncChannel& channel) {
  for (size_t first = 0; first < mounts.size() || first == 0;
       first += kMountsPerMessage) {
    size_t end = std::min(mounts.size(), first + kMountsPerMessage);
    std::string present;
    std::vector<FdRef> fds;
    for (size_t i = first; i < end; ++i) {
      present += mounts[i].valid() ? '+' : '-';
      if (mounts[i].valid()) fds.push_back(mounts[i].fd());
    }
    SYSBOX_RETURN_IF_ERROR(channel.Send(
        SyncMessage::kMounts, end == mounts.size() ? 1 : 0, present, fds));
  }
  return absl::OkStatus();
}

absl::Status AddEmulated(const LaunchPlan& plan, const LaunchFds& fds,
                         std::vector<DetachedMount>& mounts) {
  if (!mounts::HasEmulated(plan.mounts)) return absl::OkStatus();
  for (FdRef filesystem : {fds.static_files, fds.live_files}) {
    SYSBOX_ASSIGN_OR_RETURN(Fd copy, Duplicate(filesystem));
    mounts.emplace_back(std::move(copy));
  }
  return absl::OkStatus();
}

// The host's side of the container's mounts: what is on its way to init.
class MountGiver {
 public:
  MountGiver(const LaunchPlan& plan, const LaunchFds& fds, SyncChannel& channel)
      : plan_(plan), fds_(fds), channel_(channel) {}
  // To an init that enters its namespaces meanwhile.
  absl::Status Give(const Pidfd& init);
  // Init is in its namespaces: it gets what was kept back to be locked.
  absl::Status GiveLocked();
  // Init is done with mounts: what is to stay cannot be unmounted any more.
  absl::Status Keep();
  // Lets go of what is of no more use. Waits for RCU.
  void Discard();

 private:
  const LaunchPlan& plan_;
  const LaunchFds& fds_;
  SyncChannel& channel_;
  std::optional<mounts::LockingStage> stage_;
  std::vector<DetachedMount> locked_;
  std::vector<DetachedMount> discarded_;
};

absl::Status MountGiver::Give(const Pidfd& init) {
  if (mounts::HasLocked(plan_.mounts)) {
    SYSBOX_ASSIGN_OR_RETURN(stage_, mounts::LockingStage::Make(),
                            "make locking stage");
    FdRef inner[] = {stage_->inner().fd()};
    SYSBOX_RETURN_IF_ERROR(channel_.Send(SyncMessage::kStage, 0, {}, inner));
  }
  SYSBOX_ASSIGN_OR_RETURN(Fd user_namespace,
                          OpenNamespace(init.pid(), NamespaceType::kUser));
  SYSBOX_ASSIGN_OR_RETURN(
      std::vector<DetachedMount> mounts,
      mounts::PrepareMounts(plan_.mounts, user_namespace, &discarded_));
  if (stage_.has_value()) {
    SYSBOX_ASSIGN_OR_RETURN(locked_,
                            mounts::TakeLocked(plan_.mounts, *stage_, mounts));
  }
  SYSBOX_RETURN_IF_ERROR(AddEmulated(plan_, fds_, mounts));
  return SendMounts(std::move(mounts), channel_);
}

absl::Status MountGiver::GiveLocked() {
  if (!stage_.has_value()) return absl::OkStatus();
  SYSBOX_RETURN_IF_ERROR(mounts::PutLocked(*stage_, locked_));
  return channel_.Send(SyncMessage::kLocked);
}

absl::Status MountGiver::Keep() {
  if (!mounts::HasStaying(plan_.mounts)) return absl::OkStatus();
  return mounts::KeepLocked(plan_.mounts, *stage_, locked_);
}

void MountGiver::Discard() {
  locked_.clear();
  stage_.reset();
  discarded_.clear();
}

// The conversation from kMapped to kExec.
absl::StatusOr<Fd> Converse(const LaunchPlan& plan, const LaunchFds& fds,
                            const LaunchCallbacks& callbacks, const Pidfd& init,
                            SyncChannel& channel) {
  if (MakesNew(plan, NamespaceType::kUser)) {
    SYSBOX_RETURN_IF_ERROR(WriteUidMap(init.pid(), plan.maps.uids.lines));
    SYSBOX_RETURN_IF_ERROR(WriteGidMap(init.pid(), plan.maps.gids.lines));
  }
  SYSBOX_RETURN_IF_ERROR(channel.Send(SyncMessage::kMapped));
  if (callbacks.meanwhile) callbacks.meanwhile();
  MountGiver mounts(plan, fds, channel);
  SYSBOX_RETURN_IF_ERROR(mounts.Give(init));
  if (callbacks.mounts_given) callbacks.mounts_given();
  SYSBOX_RETURN_IF_ERROR(AdjustOomScore(plan.process, init.pid()));
  SYSBOX_RETURN_IF_ERROR(GiveStandardStreams(plan.process, plan.maps));
  SYSBOX_RETURN_IF_ERROR(channel.Expect(SyncMessage::kNamespaced).status());
  SYSBOX_RETURN_IF_ERROR(mounts.GiveLocked());
  if (SetsClocks(plan)) SYSBOX_RETURN_IF_ERROR(SetClocks(plan, init.pid()));
  if (callbacks.namespaces_ready) {
    SYSBOX_RETURN_IF_ERROR(callbacks.namespaces_ready(init));
  }
  // While init is mounting, if all of it has served.
  if (!mounts::HasStaying(plan.mounts)) mounts.Discard();
  SYSBOX_ASSIGN_OR_RETURN(Fd terminal,
                          AwaitTerminal(plan.process, fds, channel));
  SYSBOX_ASSIGN_OR_RETURN(SyncPacket mounted,
                          channel.Expect(SyncMessage::kMounted));
  if (callbacks.mounted) SYSBOX_RETURN_IF_ERROR(callbacks.mounted());
  HookStates states;
  if (callbacks.hook_states) {
    states = callbacks.hook_states(static_cast<pid_t>(mounted.value));
  }
  SYSBOX_RETURN_IF_ERROR(
      channel.Send(SyncMessage::kRun, 0, states.create_container));
  SYSBOX_RETURN_IF_ERROR(AwaitPrepared(callbacks, channel));
  SYSBOX_RETURN_IF_ERROR(mounts.Keep());
  SYSBOX_RETURN_IF_ERROR(SetLimits(plan.process, init.pid()));
  SYSBOX_RETURN_IF_ERROR(
      channel.Send(SyncMessage::kExec, 0, states.start_container));
  if (!fds.exec_fifo.valid()) SYSBOX_RETURN_IF_ERROR(channel.ExpectEnd());
  return terminal;
}

// What init said last, if it failed: when it dies, what the launcher was at
// just then fails too, and would hide the reason.
absl::Status ReasonOf(absl::Status failure, SyncChannel& channel) {
  while (WaitReadable(channel.socket(), /*timeout_ms=*/0).value_or(false)) {
    absl::StatusOr<SyncPacket> packet = channel.Receive();
    if (packet.ok()) continue;
    // End of file without a word tells less than what we have.
    const bool silent =
        absl::IsUnavailable(packet.status()) && ErrnoOf(packet.status()) == 0;
    return silent ? failure : packet.status();
  }
  return failure;
}

}  // namespace

absl::StatusOr<Launched> LaunchContainer(const LaunchPlan& plan,
                                         const LaunchFds& fds,
                                         const LaunchCallbacks& callbacks) {
  SYSBOX_ASSIGN_OR_RETURN(auto channels, SyncChannel::Pair());
  auto& [channel, child_end] = channels;
  SYSBOX_ASSIGN_OR_RETURN(NamespacesToJoin joined, OpenJoined(plan));
  absl::StatusOr<OwnedChild> init =
      joined.empty() ? StartInit(plan, fds, std::move(child_end))
                     : StartThroughJoiner(plan, fds, joined, channel,
                                          std::move(child_end));
  SYSBOX_RETURN_IF_ERROR(init.status());
  absl::StatusOr<Fd> terminal =
      Converse(plan, fds, callbacks, init->pidfd(), channel);
  if (!terminal.ok()) return ReasonOf(terminal.status(), channel);
  return Launched{*std::move(init), *std::move(terminal)};
}

}  // namespace sysbox::launch
