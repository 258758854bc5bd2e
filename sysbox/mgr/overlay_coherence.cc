#include "sysbox/mgr/overlay_coherence.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <csignal>
#include <optional>

#include "fmt/format.h"
#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount.h"
#include "sysbox/mgr/overlay_adoption.h"

namespace sysbox::mgr {
namespace {

// Reads per wake-up: the loop has others to serve.
constexpr int kMaxReads = 4;
// Directories to adopt at once; an engine that writes to more is not told of.
constexpr size_t kMaxDirectories = 4096;

void LogDebug(const std::string& id, const absl::Status& status) {
  if (status.ok()) return;
  Log(LogLevel::kDebug, "coherence of {}: {}", id, MessageOf(status));
}

// An overlay over layers of one filesystem, as engines make them, gives its
// files its own device number.
absl::StatusOr<std::string> DeviceOf(FdRef file) {
  SYSBOX_ASSIGN_OR_RETURN(const struct stat found, Stat(file));
  return fmt::format("{}:{}", major(found.st_dev), minor(found.st_dev));
}

absl::Status RefreshAndAdopt(FdRef outside, FdRef inside,
                             const std::set<std::string>& directories) {
  SYSBOX_RETURN_IF_ERROR(RefreshFilesystem(inside));
  if (directories.empty()) return absl::OkStatus();
  const absl::Status adopted = AdoptDirectories(inside, outside, directories);
  SYSBOX_RETURN_IF_ERROR(RefreshFilesystem(inside));
  return adopted;
}

}  // namespace

absl::StatusOr<std::unique_ptr<OverlayCoherence>> OverlayCoherence::Create(
    api::EventLoop* loop, OnRefresh on_refresh) {
  SYSBOX_ASSIGN_OR_RETURN(WriteWatch watch, WriteWatch::Create());
  SYSBOX_ASSIGN_OR_RETURN(Fd timer, MakeTimerFd());
  SYSBOX_ASSIGN_OR_RETURN(Fd mount_table, sysbox::Open("/proc/self/mountinfo",
                                                       {.flags = O_RDONLY}));
  std::unique_ptr<OverlayCoherence> coherence(
      new OverlayCoherence(loop, std::move(watch), std::move(timer),
                           std::move(mount_table), std::move(on_refresh)));
  SYSBOX_RETURN_IF_ERROR(coherence->Listen());
  return coherence;
}

absl::Status OverlayCoherence::Listen() {
  SYSBOX_ASSIGN_OR_RETURN(
      watch_token_,
      loop_->Watch(watch_.fd(), EPOLLIN, [this](uint32_t) { OnEvents(); }));
  SYSBOX_ASSIGN_OR_RETURN(
      timer_token_,
      loop_->Watch(timer_, EPOLLIN, [this](uint32_t) { OnTimer(); }));
  // EPOLLPRI after every change (proc_pid_mounts(5)).
  SYSBOX_ASSIGN_OR_RETURN(mount_table_token_,
                          loop_->Watch(mount_table_, EPOLLPRI,
                                       [this](uint32_t) { OnMountTable(); }));
  return absl::OkStatus();
}

OverlayCoherence::~OverlayCoherence() {
  for (const auto& [id, container] : containers_) {
    loop_->Unwatch(container.token);
  }
  loop_->Unwatch(mount_table_token_);
  loop_->Unwatch(timer_token_);
  loop_->Unwatch(watch_token_);
}

void OverlayCoherence::Hold(const std::string& id, const std::string& rootfs,
                            const ProcessIdentity& init) {
  auto found = containers_.find(id);
  if (found != containers_.end() && found->second.init == init) return;
  Release(id);
  containers_.emplace(id, Container{.sides = OverlaySides(rootfs, init),
                                    .init = init,
                                    .directories = {},
                                    .refresher = {}});
}

void OverlayCoherence::Release(const std::string& id) {
  auto found = containers_.find(id);
  if (found == containers_.end()) return;
  loop_->Unwatch(found->second.token);
  containers_.erase(found);  // its marks go away with the superblocks
}

// Both sides are watched, if this is a container for us.
absl::Status OverlayCoherence::Open(const std::string& id,
                                    Container& container) {
  SYSBOX_RETURN_IF_ERROR(WatchBoth(container));
  // What either wrote while nobody watched.
  RefreshOutside(id, container);
  return absl::OkStatus();
}

void OverlayCoherence::Start(const std::string& id) {
  auto found = containers_.find(id);
  if (found == containers_.end()) return;
  const absl::Status opened = Open(id, found->second);
  if (opened.ok()) return;
  LogDebug(id, opened);
  Release(id);
}

void OverlayCoherence::StartAll() {
  std::vector<std::string> ids;
  for (const auto& [id, container] : containers_) ids.push_back(id);
  for (const std::string& id : ids) Start(id);
}

absl::Status OverlayCoherence::WatchBoth(Container& container) {
  SYSBOX_ASSIGN_OR_RETURN(const Fd outside, container.sides.OpenOutside());
  SYSBOX_ASSIGN_OR_RETURN(const Fd inside, container.sides.OpenInside());
  SYSBOX_RETURN_IF_ERROR(watch_.AddAllClosing(outside));
  return watch_.Add(inside);
}

void OverlayCoherence::OnEvents() {
  std::map<std::string, bool> devices;
  if (const absl::Status taken = TakeEvents(&devices); !taken.ok()) {
    Log(LogLevel::kError, "coherence: given up: {}", MessageOf(taken));
    loop_->Unwatch(watch_token_);
    return;
  }
  for (auto& [id, container] : containers_) {
    const auto outside = devices.find(container.sides.outside());
    if (outside != devices.end() ||
        devices.contains(container.sides.inside())) {
      RefreshOutside(id, container);
    }
    if (outside != devices.end() && outside->second) {
      RefreshInside(id, container);
    }
  }
}

void OverlayCoherence::OnMountTable() {
  for (auto& [id, container] : containers_) {
    if (!container.sides.inside().empty()) RefreshOutside(id, container);
  }
}

// Adds the devices of what was closed. The files are closed at once: no
// container could unmount what they are on.
absl::Status OverlayCoherence::TakeEvents(
    std::map<std::string, bool>* devices) {
  for (int i = 0; i < kMaxReads; ++i) {
    SYSBOX_ASSIGN_OR_RETURN(const WriteWatch::Events events, watch_.Read());
    for (const auto& [file, written] : events.files) {
      SYSBOX_ASSIGN_OR_RETURN(const std::string device, DeviceOf(file));
      const auto [entry, first] = devices->emplace(device, written);
      if (written) entry->second = true;
      if (written) NoteDirectory(device, file);
      if (first) OnDevice(device, file);
    }
    // Woken for nothing: an event whose file, leased perhaps, did not open.
    const bool nothing = i == 0 && events.files.empty();
    if (events.lost || nothing) OnLost();
    if (events.files.size() < WriteWatch::kBatch) break;
  }
  return absl::OkStatus();
}

void OverlayCoherence::NoteDirectory(const std::string& device, FdRef file) {
  for (auto& [id, container] : containers_) {
    if (container.sides.outside() != device) continue;
    absl::StatusOr<std::string> directory =
        DirectoryOf(file, container.sides.rootfs());
    if (!directory.ok()) return LogDebug(id, directory.status());
    if (container.directories.size() < kMaxDirectories) {
      container.directories.insert(*std::move(directory));
    }
  }
}

void OverlayCoherence::OnDevice(const std::string& device, FdRef file) {
  bool outside = false;
  for (auto& [id, container] : containers_) {
    if (container.sides.outside() == device) outside = true;
    if (container.sides.inside() == device) Rest(id, container);
  }
  // A container's, which rests; or one of nobody any more, or one whose layers
  // lie on several filesystems, so that the device tells nothing.
  if (!outside) (void)watch_.Remove(file);  // ENOENT: an event before that
}

// Whose it was cannot be told: all are refreshed, and all rest, so that a
// container that can bring this about does not do it at will.
void OverlayCoherence::OnLost() {
  if (absl::Status removed = watch_.RemoveAll(); !removed.ok()) {
    Log(LogLevel::kError, "coherence: {}", MessageOf(removed));
  }
  for (auto& [id, container] : containers_) {
    if (container.sides.inside().empty()) continue;
    Rest(id, container);
    RefreshOutside(id, container);
    RefreshInside(id, container);
  }
}

void OverlayCoherence::Rest(const std::string& id, Container& container) {
  if (std::exchange(container.resting, true)) return;
  resting_.emplace_back(Clock::now() + std::chrono::milliseconds(kRestMs), id);
  if (resting_.size() == 1) LogDebug(id, ArmTimer());
}

absl::Status OverlayCoherence::ArmTimer() {
  if (resting_.empty()) return absl::OkStatus();
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(
      resting_.front().first - Clock::now());
  return ArmTimerFd(timer_, static_cast<int>(left.count()));
}

void OverlayCoherence::OnTimer() {
  (void)DrainTimerFd(timer_);
  const Clock::time_point now = Clock::now();
  while (!resting_.empty() && resting_.front().first <= now) {
    const std::string id = std::move(resting_.front().second);
    resting_.pop_front();
    auto found = containers_.find(id);
    if (found == containers_.end() || !found->second.resting) continue;
    Container& container = found->second;
    container.resting = false;
    LogDebug(id, WatchBoth(container));  // first: nothing may fall between
    RefreshOutside(id, container);
  }
  if (absl::Status armed = ArmTimer(); !armed.ok()) {
    Log(LogLevel::kError, "coherence: {}", MessageOf(armed));
  }
}

// The engine's superblock, which no container can hold.
void OverlayCoherence::RefreshOutside(const std::string& id,
                                      Container& container) {
  absl::StatusOr<Fd> root = container.sides.OpenOutside();
  if (!root.ok()) return LogDebug(id, root.status());
  LogDebug(id, RefreshFilesystem(*root));
  if (on_refresh_) on_refresh_(id, false);
}

void OverlayCoherence::RefreshInside(const std::string& id,
                                     Container& container) {
  if (container.refresher.valid()) {
    container.again = true;
    return;
  }
  LogDebug(id, StartRefresher(id, container));
}

// A process, since the container can make it wait for long (syncfs(2) does)
// and nothing could interrupt that.
absl::Status OverlayCoherence::StartRefresher(const std::string& id,
                                              Container& container) {
  const std::set<std::string> directories =
      std::exchange(container.directories, {});
  SYSBOX_ASSIGN_OR_RETURN(const Fd outside, container.sides.OpenOutside());
  SYSBOX_ASSIGN_OR_RETURN(const Fd inside, container.sides.OpenInside());
  // By the C library, whose fork(3) leaves a heap that the child can use,
  // whatever our other threads do: it takes no other lock of theirs.
  absl::StatusOr<std::optional<OwnedChild>> child = ForkProcess();
  SYSBOX_RETURN_IF_ERROR(child.status());
  if (!child->has_value()) {
    // What is being adopted lies aside for a moment: that is finished.
    if (directories.empty()) (void)SetParentDeathSignal(SIGKILL);
    // Not least the pid file's lock, which a successor of ours needs.
    (void)CloseFrom(0, {outside.get(), inside.get()});
    _exit(RefreshAndAdopt(outside, inside, directories).ok() ? 0 : 1);
  }
  OwnedChild refresher = **std::move(child);
  SYSBOX_ASSIGN_OR_RETURN(
      container.token,
      loop_->Watch(refresher.pidfd().fd(), EPOLLIN,
                   [this, id](uint32_t) { OnRefresherEnd(std::string(id)); }));
  container.refresher = std::move(refresher);
  return absl::OkStatus();
}

void OverlayCoherence::OnRefresherEnd(const std::string& id) {
  auto found = containers_.find(id);
  if (found == containers_.end()) return;
  Container& container = found->second;
  loop_->Unwatch(std::exchange(container.token, 0));
  (void)container.refresher.Wait();  // it has ended; the inside is as it is
  container.refresher = OwnedChild();
  if (on_refresh_) on_refresh_(id, true);
  if (std::exchange(container.again, false)) RefreshInside(id, container);
}

}  // namespace sysbox::mgr
