#include "sysbox/cgroups/v1_cgroup.h"

#include <fcntl.h>

#include <cerrno>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/cgroups/cgroup_events.h"
#include "sysbox/cgroups/cgroup_tree.h"
#include "sysbox/cgroups/delegation.h"
#include "sysbox/cgroups/process_killer.h"
#include "sysbox/cgroups/removal.h"
#include "sysbox/cgroups/v1_freezer.h"
#include "sysbox/cgroups/v1_stats.h"
#include "sysbox/cgroups/v2_directory.h"
#include "sysbox/cgroups/v2_stats.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/file.h"

namespace sysbox::cgroups {
namespace {

constexpr absl::Duration kFreezeLimit = absl::Seconds(2);
// Killing does not depend on it, it only makes fork bombs lose.
constexpr absl::Duration kFreezeToKillLimit = absl::Milliseconds(100);
constexpr absl::Duration kKillLimit = absl::Seconds(2);
constexpr absl::Duration kDrainLimit = absl::Seconds(1);

// Freeze, kill, thaw; again while forks slip through an incomplete freeze.
absl::Status KillThroughFreezer(FdRef freezer) {
  BackOff back_off(kKillLimit);
  for (;;) {
    const bool frozen = FreezeV1(freezer, kFreezeToKillLimit).ok();
    absl::StatusOr<size_t> killed = KillProcessesBelow(freezer);
    SYSBOX_RETURN_IF_ERROR(ThawV1Tree(freezer));
    SYSBOX_RETURN_IF_ERROR(killed);
    if (frozen || *killed == 0 || !back_off.Wait()) return absl::OkStatus();
  }
}

absl::Status KillRepeatedly(FdRef root) {
  BackOff back_off(kKillLimit);
  for (;;) {
    SYSBOX_ASSIGN_OR_RETURN(const size_t killed, KillProcessesBelow(root));
    if (killed == 0 || !back_off.Wait()) return absl::OkStatus();
  }
}

bool IsGone(const absl::Status& status) {
  return ErrnoOf(status) == ENOENT || ErrnoOf(status) == ENODEV;
}

}  // namespace

const Place* V1Cgroup::Find(std::string_view controller) const {
  for (const Place& place : places_) {
    if (controller.empty() ? place.unified() : place.Has(controller)) {
      return &place;
    }
  }
  return nullptr;
}

std::string V1Cgroup::ProcessPath(const Place& place) const {
  return options_.delegate ? fmt::format("{}/{}", place.path, kV1Child)
                           : place.path;
}

absl::StatusOr<const Place*> V1Cgroup::FreezingPlace() const {
  const Place* place = Find("freezer");
  if (place == nullptr) place = Find("");
  if (place == nullptr) {
    return FailedPrecondition("freeze: no freezer cgroup controller");
  }
  return place;
}

absl::StatusOr<JoinHandles> V1Cgroup::OpenForJoin() const {
  JoinHandles handles;
  for (const Place& place : places_) {
    if (place.unified()) {
      SYSBOX_ASSIGN_OR_RETURN(handles.into,
                              OpenCgroupDirectory(ProcessPath(place)));
      continue;
    }
    SYSBOX_ASSIGN_OR_RETURN(
        Fd tasks, Open(ProcessPath(place) + "/tasks", {.flags = O_WRONLY}));
    handles.tasks.push_back(std::move(tasks));
  }
  return handles;
}

absl::Status V1Cgroup::Freeze() {
  SYSBOX_ASSIGN_OR_RETURN(const Place* place, FreezingPlace());
  if (place->unified()) return FreezeV2(place->path, kFreezeLimit);
  SYSBOX_ASSIGN_OR_RETURN(Fd directory, OpenCgroupDirectory(place->path));
  return FreezeV1(directory, kFreezeLimit);
}

absl::Status V1Cgroup::Thaw() {
  SYSBOX_ASSIGN_OR_RETURN(const Place* place, FreezingPlace());
  if (place->unified()) return ThawV2(place->path);
  SYSBOX_ASSIGN_OR_RETURN(Fd directory, OpenCgroupDirectory(place->path));
  return ThawV1(directory);
}

absl::StatusOr<bool> V1Cgroup::Frozen() {
  SYSBOX_ASSIGN_OR_RETURN(const Place* place, FreezingPlace());
  SYSBOX_ASSIGN_OR_RETURN(Fd directory, OpenCgroupDirectory(place->path));
  return place->unified() ? IsFrozenV2(directory) : IsFrozenV1(directory);
}

absl::StatusOr<std::vector<pid_t>> V1Cgroup::Processes() {
  const Place* place = Find("freezer");
  if (place == nullptr) place = &places_.front();
  absl::StatusOr<Fd> root = OpenCgroupDirectory(place->path);
  if (IsGone(root.status())) return std::vector<pid_t>();
  SYSBOX_RETURN_IF_ERROR(root);
  return ProcessesBelow(*root);
}

absl::StatusOr<Stats> V1Cgroup::ReadStats() {
  Stats stats;
  for (const Place& place : places_) {
    SYSBOX_ASSIGN_OR_RETURN(Fd directory, OpenCgroupDirectory(place.path));
    for (const std::string& controller : place.controllers) {
      SYSBOX_RETURN_IF_ERROR(AddV1Stats(controller, directory, &stats));
    }
    if (!place.unified()) continue;
    SYSBOX_ASSIGN_OR_RETURN(const std::vector<std::string> controllers,
                            AvailableControllers(directory));
    for (const std::string& controller : controllers) {
      SYSBOX_RETURN_IF_ERROR(AddV2Stats(controller, directory, &stats));
    }
  }
  const Place* memory = Find("memory");
  if (memory == nullptr || !options_.delegate) return stats;
  // The child has the same limits, and a charge meets the child's first: it
  // is there that failures count.
  SYSBOX_ASSIGN_OR_RETURN(Fd child, OpenCgroupDirectory(ProcessPath(*memory)));
  Stats inner;
  SYSBOX_RETURN_IF_ERROR(AddV1Stats("memory", child, &inner));
  stats.memory.usage.failcnt += inner.memory.usage.failcnt;
  stats.memory.swap.failcnt += inner.memory.swap.failcnt;
  return stats;
}

absl::StatusOr<Fd> V1Cgroup::OpenOomEvents() {
  const Place* memory = Find("memory");
  if (memory == nullptr) {
    return FailedPrecondition("watch OOM: no memory cgroup controller");
  }
  // An event reaches the cgroup whose limit was hit and all below it, so the
  // innermost of ours hears of all that matter.
  SYSBOX_ASSIGN_OR_RETURN(Fd directory,
                          OpenCgroupDirectory(ProcessPath(*memory)));
  SYSBOX_ASSIGN_OR_RETURN(Fd events, MakeEventFd());
  SYSBOX_ASSIGN_OR_RETURN(
      Fd control, OpenAt(directory, "memory.oom_control", {.flags = O_RDONLY}));
  SYSBOX_RETURN_IF_ERROR(
      WriteExistingAt(directory, "cgroup.event_control",
                      fmt::format("{} {}", events.get(), control.get())));
  return events;
}

absl::StatusOr<bool> V1Cgroup::ConsumeOomEvents(FdRef events) {
  SYSBOX_ASSIGN_OR_RETURN(const bool pending, WaitReadable(events, 0));
  if (!pending) return false;
  SYSBOX_RETURN_IF_ERROR(DrainEventFd(events));
  // Removing the cgroup signals the eventfd as well.
  const Place* memory = Find("memory");
  if (memory == nullptr || !Exists(ProcessPath(*memory))) {
    return NotFound("watch OOM: the cgroup is gone");
  }
  return true;
}

absl::Status V1Cgroup::KillAll() {
  const Place* unified = Find("");
  if (unified != nullptr) {
    const absl::Status status = KillV2(unified->path);
    if (!IsGone(status)) SYSBOX_RETURN_IF_ERROR(status);
  }
  const Place* freezer = Find("freezer");
  const Place& place = freezer != nullptr ? *freezer : places_.front();
  absl::StatusOr<Fd> root = OpenCgroupDirectory(place.path);
  if (IsGone(root.status())) return absl::OkStatus();
  SYSBOX_RETURN_IF_ERROR(root);
  if (freezer == nullptr) return KillRepeatedly(*root);
  if (unified == nullptr) return KillThroughFreezer(*root);
  // cgroup.kill was atomic, but for processes that joined v1 alone; and what
  // the v1 freezer holds still has to run to die.
  const absl::Status rest = KillProcessesBelow(*root).status();
  SYSBOX_RETURN_IF_ERROR(ThawV1Tree(*root));
  return rest;
}

absl::Status V1Cgroup::Destroy() {
  return RemovePlaces(places_, options_.delegate ? kV1Child : "", kDrainLimit);
}

std::map<std::string, std::string> V1Cgroup::Paths() const {
  return PathsOf(places_);
}

}  // namespace sysbox::cgroups
