#include "sysbox/fsd/mount_pair.h"

#include <csignal>
#include <utility>

#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/process.h"
#include "sysbox/linux/process_attributes.h"

namespace sysbox::fsd {

absl::StatusOr<MountPair> MakeMountPair() {
  MountPair pair;
  SYSBOX_ASSIGN_OR_RETURN(pair.static_files, fuse::MakeFuseMount({}));
  SYSBOX_ASSIGN_OR_RETURN(pair.live_files, fuse::MakeFuseMount({}));
  return pair;
}

MountsAhead::MountsAhead() {
  // Signals are for the process's main thread.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { Run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

MountsAhead::~MountsAhead() {
  {
    const absl::MutexLock lock(&mu_);
    stop_ = true;
  }
  thread_.join();
}

absl::StatusOr<MountPair> MountsAhead::Take() {
  std::optional<MountPair> taken;
  {
    const absl::MutexLock lock(&mu_);
    taken = std::exchange(spare_, std::nullopt);
    wanted_ = true;
  }
  if (taken.has_value()) return *std::move(taken);
  return MakeMountPair();
}

void MountsAhead::TakeDown(std::shared_ptr<const HeldMounts> mounts) {
  const absl::MutexLock lock(&mu_);
  ended_.push_back(std::move(mounts));
}

std::optional<MountsAhead::Work> MountsAhead::AwaitWork() {
  const absl::MutexLock lock(&mu_,
                             absl::Condition(this, &MountsAhead::HasWork));
  if (stop_) return std::nullopt;
  Work work;
  work.ended.swap(ended_);
  work.make_pair = std::exchange(wanted_, false) && !spare_.has_value();
  return work;
}

void MountsAhead::Run() {
  (void)SetProcessName("sysbox[mounts]");  // only looks
  // What it makes is for the next container, and it is woken by the start of
  // this one, of which it would take a CPU.
  (void)SetBatchScheduling();  // only slower without
  while (std::optional<Work> work = AwaitWork()) {
    work->ended.clear();
    if (!work->make_pair) continue;
    absl::StatusOr<MountPair> made = MakeMountPair();
    if (!made.ok()) {
      Log(LogLevel::kWarning, "emulated filesystems: {}",
          MessageOf(made.status()));
      continue;  // Take tries again, and says so to who needs it
    }
    const absl::MutexLock lock(&mu_);
    spare_ = *std::move(made);
  }
}

}  // namespace sysbox::fsd
