#include "sysbox/fsd/mount_pair.h"

#include <fcntl.h>

#include <csignal>
#include <string>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/emu/bind_source_tree.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/process.h"

namespace sysbox::fsd {
namespace {

// Has the kernel look at all names in the root.
absl::Status Rehearse(fuse::Server& server, const fuse::FuseMount& made,
                      emu::Superblock superblock, fuse::ServiceKind kind) {
  SYSBOX_ASSIGN_OR_RETURN(Fd device, Duplicate(made.device));
  SYSBOX_ASSIGN_OR_RETURN(
      const fuse::Server::Id id,
      server.Add(std::move(device),
                 emu::MakeBindSourceTree(superblock, nullptr), {.kind = kind}));
  absl::Cleanup remove = [&] { server.Remove(id); };
  SYSBOX_ASSIGN_OR_RETURN(
      const Fd root,
      OpenAt(made.mount.fd(), ".", {.flags = O_RDONLY | O_DIRECTORY}));
  return ReadDirectoryOnce(root);
}

// What cannot be found ahead is found, or missed, by init.
void Walk(FdRef mount, emu::Superblock superblock) {
  for (const std::string& path : emu::PathsToMountPoints(superblock)) {
    (void)OpenAt(mount, path, {.flags = O_PATH | O_NOFOLLOW});
  }
}

}  // namespace

absl::StatusOr<MountPair> MakeMountPair() {
  MountPair pair;
  SYSBOX_ASSIGN_OR_RETURN(pair.static_files, fuse::MakeFuseMount({}));
  SYSBOX_ASSIGN_OR_RETURN(pair.live_files, fuse::MakeFuseMount({}));
  return pair;
}

MountsAhead::MountsAhead(fuse::Server* server) : server_(server) {
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

void MountsAhead::LookAround(std::shared_ptr<const HeldMounts> mounts) {
  const absl::MutexLock lock(&mu_);
  served_.push_back(std::move(mounts));
}

void MountsAhead::TakeDown(std::shared_ptr<const HeldMounts> mounts) {
  const absl::MutexLock lock(&mu_);
  ended_.push_back(std::move(mounts));
}

absl::StatusOr<MountPair> MountsAhead::MakeSpare() {
  SYSBOX_ASSIGN_OR_RETURN(MountPair pair, MakeMountPair());
  SYSBOX_RETURN_IF_ERROR(Rehearse(*server_, pair.static_files,
                                  emu::Superblock::kStatic,
                                  fuse::ServiceKind::kStatic));
  SYSBOX_RETURN_IF_ERROR(Rehearse(*server_, pair.live_files,
                                  emu::Superblock::kLive,
                                  fuse::ServiceKind::kLive));
  return pair;
}

std::optional<MountsAhead::Work> MountsAhead::AwaitWork() {
  const absl::MutexLock lock(&mu_,
                             absl::Condition(this, &MountsAhead::HasWork));
  if (stop_) return std::nullopt;
  Work work;
  work.served.swap(served_);
  work.ended.swap(ended_);
  work.make_pair = std::exchange(wanted_, false) && !spare_.has_value();
  return work;
}

void MountsAhead::Run() {
  (void)SetProcessName("sysbox[mounts]");  // only looks
  while (std::optional<Work> work = AwaitWork()) {
    for (const auto& served : work->served) {
      Walk(served->static_files, emu::Superblock::kStatic);
      Walk(served->live_files, emu::Superblock::kLive);
    }
    work->served.clear();
    work->ended.clear();
    if (!work->make_pair) continue;
    absl::StatusOr<MountPair> made = MakeSpare();
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
