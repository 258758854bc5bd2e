#include "sysbox/mgr/overlay_coherence.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "fmt/format.h"
#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount.h"
#include "sysbox/mgr/overlay_adoption.h"
#include "sysbox/mgr/overlay_refresher.h"

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

}  // namespace

absl::StatusOr<std::unique_ptr<OverlayCoherence>> OverlayCoherence::Create(
    api::EventLoop* loop, OnRefresh on_refresh) {
  SYSBOX_ASSIGN_OR_RETURN(WriteWatch watch, WriteWatch::Create());
  SYSBOX_ASSIGN_OR_RETURN(Fd mount_table, sysbox::Open("/proc/self/mountinfo",
                                                       {.flags = O_RDONLY}));
  std::unique_ptr<OverlayCoherence> coherence(new OverlayCoherence(
      loop, std::move(watch), std::move(mount_table), std::move(on_refresh)));
  SYSBOX_RETURN_IF_ERROR(coherence->Listen());
  return coherence;
}

absl::Status OverlayCoherence::Listen() {
  SYSBOX_ASSIGN_OR_RETURN(
      watch_token_,
      loop_->Watch(watch_.fd(), EPOLLIN, [this](uint32_t) { OnEvents(); }));
  SYSBOX_ASSIGN_OR_RETURN(
      resting_,
      Pauses::Create(loop_, std::chrono::milliseconds(kRestMs),
                     [this](const std::string& id) { OnRested(id); }));
  SYSBOX_ASSIGN_OR_RETURN(
      settling_,
      Pauses::Create(loop_, std::chrono::milliseconds(kRestMs),
                     [this](const std::string& id) { OnSettled(id); }));
  // EPOLLPRI after every change (proc_pid_mounts(5)).
  SYSBOX_ASSIGN_OR_RETURN(mount_table_token_,
                          loop_->Watch(mount_table_, EPOLLPRI,
                                       [this](uint32_t) { OnMountTable(); }));
  auto changes = EngineChanges::Create(
      loop_, [this](const std::string& id, const std::string& directory) {
        OnEngineChange(id, directory);
      });
  LogDebug("directories", changes.status());  // an old kernel: without them
  if (changes.ok()) changes_ = *std::move(changes);
  return absl::OkStatus();
}

OverlayCoherence::~OverlayCoherence() {
  for (const auto& [id, container] : containers_) {
    loop_->Unwatch(container.token);
  }
  loop_->Unwatch(mount_table_token_);
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
  if (changes_) changes_->Release(id);
  resting_->Cancel(id);
  settling_->Cancel(id);
  containers_.erase(found);  // its marks go away with the superblocks
}

// Both sides are watched, if this is a container for us.
absl::Status OverlayCoherence::Open(const std::string& id,
                                    Container& container) {
  SYSBOX_RETURN_IF_ERROR(WatchBoth(container));
  if (changes_) {
    SYSBOX_ASSIGN_OR_RETURN(const Fd outside, container.sides.OpenOutside());
    LogDebug(id, changes_->Watch(id, outside));
  }
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
  for (const std::string& id : ids) {
    Start(id);
    // What the engine made while nobody watched.
    if (containers_.contains(id)) settling_->Start(id);
  }
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
      settling_->Start(id);
    }
  }
}

// Not at once: it is about to make something in a directory that it has brought
// into the upper layer.
void OverlayCoherence::OnEngineChange(const std::string& id,
                                      const std::string& directory) {
  const auto found = containers_.find(id);
  if (found == containers_.end()) return;
  if (!directory.empty()) NoteDirectory(found->second, directory);
  settling_->Start(id);
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
      if (written) NoteDirectoryOf(device, file);
      if (first) OnDevice(device, file);
    }
    // Woken for nothing: an event whose file, leased perhaps, did not open.
    const bool nothing = i == 0 && events.files.empty();
    if (events.lost || nothing) OnLost();
    if (events.files.size() < WriteWatch::kBatch) break;
  }
  return absl::OkStatus();
}

void OverlayCoherence::NoteDirectoryOf(const std::string& device, FdRef file) {
  for (auto& [id, container] : containers_) {
    if (container.sides.outside() != device) continue;
    absl::StatusOr<std::string> directory =
        DirectoryOf(file, container.sides.rootfs());
    if (!directory.ok()) return LogDebug(id, directory.status());
    NoteDirectory(container, *std::move(directory));
  }
}

void OverlayCoherence::NoteDirectory(Container& container,
                                     std::string directory) {
  if (container.directories.size() >= kMaxDirectories) return;
  container.directories.insert(std::move(directory));
}

void OverlayCoherence::OnDevice(const std::string& device, FdRef file) {
  bool outside = false;
  for (auto& [id, container] : containers_) {
    if (container.sides.outside() == device) outside = true;
    if (container.sides.inside() == device) resting_->Start(id);
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
    resting_->Start(id);
    RefreshOutside(id, container);
    RefreshInside(id, container);
  }
}

// Watched first in both: nothing may fall between.
void OverlayCoherence::OnRested(const std::string& id) {
  auto found = containers_.find(id);
  if (found == containers_.end()) return;
  LogDebug(id, WatchBoth(found->second));
  RefreshOutside(id, found->second);
}

void OverlayCoherence::OnSettled(const std::string& id) {
  auto found = containers_.find(id);
  if (found == containers_.end()) return;
  if (changes_) LogDebug(id, changes_->WatchRoot(id));
  RefreshInside(id, found->second);
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
  LogDebug(id, Refresh(id, container));
}

absl::Status OverlayCoherence::Refresh(const std::string& id,
                                       Container& container) {
  const std::set<std::string> directories =
      std::exchange(container.directories, {});
  SYSBOX_ASSIGN_OR_RETURN(const Fd outside, container.sides.OpenOutside());
  SYSBOX_ASSIGN_OR_RETURN(const Fd inside, container.sides.OpenInside());
  SYSBOX_ASSIGN_OR_RETURN(OwnedChild refresher,
                          StartRefresher(outside, inside, directories));
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
