#include "sysbox/trap/init_memory.h"

#include <fcntl.h>

#include <cerrno>
#include <string>
#include <utility>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount_list.h"

namespace sysbox::trap {
namespace {

std::string RootOf(pid_t init) { return fmt::format("/proc/{}/root", init); }

}  // namespace

absl::StatusOr<InitMemory::Where> InitMemory::Look(pid_t init) {
  Where where;
  SYSBOX_ASSIGN_OR_RETURN(where.mounts, IdOf(init, NamespaceType::kMount));
  SYSBOX_ASSIGN_OR_RETURN(where.network, IdOf(init, NamespaceType::kNetwork));
  SYSBOX_ASSIGN_OR_RETURN(where.root, SeeFile(RootOf(init)));
  return where;
}

absl::StatusOr<InitPlace> InitMemory::Open(pid_t init) {
  InitPlace place;
  const auto open = [&](NamespaceType type) -> absl::StatusOr<KnownNamespace> {
    SYSBOX_ASSIGN_OR_RETURN(Fd ns, OpenNamespace(init, type));
    return Know(place.open.emplace_back(std::move(ns)));
  };
  SYSBOX_ASSIGN_OR_RETURN(place.mounts, open(NamespaceType::kMount));
  SYSBOX_ASSIGN_OR_RETURN(place.network, open(NamespaceType::kNetwork));
  SYSBOX_ASSIGN_OR_RETURN(place.pids, open(NamespaceType::kPid));
  SYSBOX_ASSIGN_OR_RETURN(
      Fd root, sysbox::Open(RootOf(init), {.flags = O_PATH | O_DIRECTORY}));
  place.root = place.open.emplace_back(std::move(root));
  place.mounts_number = NumberOfMountNamespace(place.mounts.fd).value_or(0);
  SYSBOX_ASSIGN_OR_RETURN(Fd mountinfo,
                          sysbox::Open(fmt::format("/proc/{}/mountinfo", init),
                                       {.flags = O_RDONLY}));
  place.watch = std::make_unique<MountWatch>(std::move(mountinfo));
  return place;
}

absl::StatusOr<InitMemory::Where> InitMemory::WhereIs(const InitPlace& place) {
  Where where = {place.mounts.id, place.network.id, {}};
  SYSBOX_ASSIGN_OR_RETURN(where.root, SeeFile(place.root));
  return where;
}

InitPlacePtr InitMemory::Recall(const Where& where) {
  absl::MutexLock lock(&mu_);
  return where_ == where ? place_ : nullptr;
}

absl::StatusOr<InitPlacePtr> InitMemory::Place(pid_t init, uint64_t start) {
  constexpr int kAttempts = 3;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    SYSBOX_ASSIGN_OR_RETURN(const Where seen, Look(init));
    SYSBOX_RETURN_IF_ERROR(CheckStillIs(init, start));
    if (InitPlacePtr known = Recall(seen); known != nullptr) return known;
    SYSBOX_ASSIGN_OR_RETURN(InitPlace opened, Open(init));
    // All of one place, and that still its own.
    SYSBOX_ASSIGN_OR_RETURN(const Where then, Look(init));
    SYSBOX_ASSIGN_OR_RETURN(const Where where, WhereIs(opened));
    if (!(where == then)) continue;
    SYSBOX_RETURN_IF_ERROR(CheckStillIs(init, start));
    const auto place = std::make_shared<const InitPlace>(std::move(opened));
    InitPlacePtr before;  // closed outside the lock
    absl::MutexLock lock(&mu_);
    where_ = where;
    before = std::exchange(place_, place);
    return place;
  }
  return ErrnoStatus(EAGAIN, "container's init moves about");
}

InitPlacePtr InitMemory::LastPlace() {
  absl::MutexLock lock(&mu_);
  return place_;
}

absl::Status InitMemory::CheckStillIs(pid_t init, uint64_t start) {
  absl::MutexLock lock(&mu_);
  if (init_.valid() && init_.Signal(0).ok()) return absl::OkStatus();
  SYSBOX_ASSIGN_OR_RETURN(Pidfd process, OpenPidfd(init));
  SYSBOX_ASSIGN_OR_RETURN(const uint64_t found, StartTimeTicks(init));
  // Then that was its own.
  SYSBOX_RETURN_IF_ERROR(process.Signal(0));
  if (found != start) return ErrnoStatus(ESRCH, "container's init");
  init_ = std::move(process);
  return absl::OkStatus();
}

}  // namespace sysbox::trap
