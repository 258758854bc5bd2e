#include "sysbox/launch/host_side.h"

#include <linux/capability.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/capabilities.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/process.h"
#include "sysbox/linux/process_attributes.h"
#include "sysbox/linux/socket.h"
#include "sysbox/oci/spec.h"

namespace sysbox::launch {
namespace {

constexpr int kLowestOomScore = -999;

// Without CAP_SYS_RESOURCE: any value that a holder of it writes is the
// process's new floor, too (fs/proc/base.c, __set_oom_adj).
absl::Status SetOomScoreAboveFloor(pid_t pid, int value) {
  SYSBOX_ASSIGN_OR_RETURN(const CapabilitySets own, OwnCapabilities());
  CapabilitySets less = own;
  less.effective &= ~(CapabilitySet{1} << CAP_SYS_RESOURCE);
  SYSBOX_RETURN_IF_ERROR(SetCapabilities(less));
  const absl::Status written = SetOomScoreAdjust(pid, value);
  SYSBOX_RETURN_IF_ERROR(SetCapabilities(own));
  return written;
}

// By which the boot clock is set back to show zero when `init` started; in
// ticks, as that is told, so that no process inside is older than its clock.
absl::StatusOr<oci::TimeOffset> BackToStart(pid_t init) {
  constexpr int64_t kNsPerSecond = 1'000'000'000;
  SYSBOX_ASSIGN_OR_RETURN(const uint64_t start, StartTimeTicks(init));
  const int64_t per_second = sysconf(_SC_CLK_TCK);
  const auto ticks = static_cast<int64_t>(start);
  oci::TimeOffset offset;
  // Rounded down: what is given besides seconds is not negative.
  offset.secs = -((ticks + per_second - 1) / per_second);
  offset.nanosecs = static_cast<uint32_t>((-offset.secs * per_second - ticks) *
                                          (kNsPerSecond / per_second));
  return offset;
}

}  // namespace

absl::Status SetLimits(const ProcessPlan& plan, pid_t pid) {
  for (const ResourceLimit& limit : plan.limits) {
    SYSBOX_RETURN_IF_ERROR(
        SetResourceLimit(pid, limit.resource, limit.soft, limit.hard),
        "error setting rlimit type {}", limit.resource);
  }
  return absl::OkStatus();
}

absl::Status AdjustOomScore(const ProcessPlan& plan, pid_t pid) {
  if (!plan.oom_score_adj.has_value()) return absl::OkStatus();
  // Refused without CAP_SYS_RESOURCE: then the floor stays the runtime's own.
  const bool lowered = SetOomScoreAdjust(pid, kLowestOomScore).ok();
  return Annotate(lowered ? SetOomScoreAboveFloor(pid, *plan.oom_score_adj)
                          : SetOomScoreAdjust(pid, *plan.oom_score_adj),
                  "process.oomScoreAdj");
}

absl::Status SetClocks(const LaunchPlan& plan, pid_t init) {
  auto offsets = plan.time_offsets;
  if (plan.fresh_boot_clock && !offsets.contains("boottime")) {
    SYSBOX_ASSIGN_OR_RETURN(offsets["boottime"], BackToStart(init));
  }
  std::string lines;
  for (const auto& [clock, offset] : offsets) {
    lines += fmt::format("{} {} {}\n", clock, offset.secs, offset.nanosecs);
  }
  return Annotate(
      WriteExisting(fmt::format("/proc/{}/timens_offsets", init), lines),
      "linux.timeOffsets");
}

absl::Status GiveStandardStreams(const ProcessPlan& plan, const IdMaps& maps) {
  if (plan.terminal) return absl::OkStatus();
  std::optional<uint32_t> uid = maps.uids.ToHost(plan.uid);
  if (!uid.has_value()) return absl::OkStatus();
  for (int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    FdRef stream(number);
    absl::StatusOr<struct stat> status = Stat(stream);
    if (!status.ok()) continue;  // closed
    if (!S_ISFIFO(status->st_mode) || status->st_uid == *uid) continue;
    SYSBOX_RETURN_IF_ERROR(ChangeOwner(stream, *uid, status->st_gid),
                           "chown standard stream {}", number);
  }
  return absl::OkStatus();
}

absl::StatusOr<Fd> AwaitTerminal(const ProcessPlan& plan, const LaunchFds& fds,
                                 SyncChannel& channel) {
  if (!plan.terminal) return Fd();
  SYSBOX_ASSIGN_OR_RETURN(SyncPacket packet,
                          channel.Expect(SyncMessage::kTerminal));
  if (packet.fds.size() != 1) return Internal("init sent no terminal");
  if (!fds.console_socket.valid()) return std::move(packet.fds[0]);
  FdRef master[] = {packet.fds[0]};
  SYSBOX_RETURN_IF_ERROR(SendMessage(fds.console_socket, packet.text, master),
                         "send terminal to console socket");
  return Fd();
}

absl::Status AwaitPrepared(const LaunchCallbacks& callbacks,
                           SyncChannel& channel) {
  SYSBOX_ASSIGN_OR_RETURN(SyncPacket prepared,
                          channel.Expect(SyncMessage::kPrepared));
  if (prepared.fds.empty() || !callbacks.take_listener) return absl::OkStatus();
  return Annotate(callbacks.take_listener(std::move(prepared.fds[0])),
                  "hand over the seccomp listener");
}

}  // namespace sysbox::launch
