#include "sysbox/mgr/engine_changes.h"

#include <fcntl.h>
#include <sys/epoll.h>

#include <string_view>
#include <vector>

#include "fmt/format.h"
#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount_info.h"
#include "sysbox/mounts/overlay_layers.h"

namespace sysbox::mgr {
namespace {

absl::StatusOr<Fd> OpenLayer(const std::string& path) {
  return Open(path, {.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW});
}

// "" if it is no directory, or not below `upper` any more.
std::string FindBelow(const std::string& upper, const FileHandle& handle) {
  const absl::StatusOr<Fd> layer = OpenLayer(upper);
  if (!layer.ok()) return "";
  const absl::StatusOr<Fd> directory =
      OpenByFileHandle(*layer, handle, O_PATH | O_DIRECTORY);
  if (!directory.ok()) return "";
  const absl::StatusOr<std::string> path = ReadLink(ProcPath(*directory));
  if (!path.ok()) return "";
  std::string_view below = *path;
  const std::string above = upper + "/";
  if (below.substr(0, above.size()) != above) return "";
  return std::string(below.substr(above.size()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<EngineChanges>> EngineChanges::Create(
    api::EventLoop* loop, OnChange on_change) {
  SYSBOX_ASSIGN_OR_RETURN(EntryWatch watch, EntryWatch::Create());
  std::unique_ptr<EngineChanges> changes(
      new EngineChanges(loop, std::move(watch), std::move(on_change)));
  SYSBOX_ASSIGN_OR_RETURN(
      changes->token_,
      loop->Watch(changes->watch_.fd(), EPOLLIN,
                  [raw = changes.get()](uint32_t) { raw->OnEvents(); }));
  return changes;
}

EngineChanges::~EngineChanges() { loop_->Unwatch(token_); }

absl::Status EngineChanges::Watch(const std::string& id, FdRef outside) {
  SYSBOX_ASSIGN_OR_RETURN(const MountInfo mount, MountOf(outside));
  SYSBOX_ASSIGN_OR_RETURN(const mounts::OverlayLayers found,
                          mounts::FindOverlayLayers(mount));
  if (found.upper.empty()) return absl::OkStatus();
  Layers layers = {.upper_path = found.upper, .upper = {}, .work = {}};
  SYSBOX_ASSIGN_OR_RETURN(const Fd upper, OpenLayer(found.upper));
  SYSBOX_ASSIGN_OR_RETURN(layers.upper, FileHandleOf(upper));
  // Overlay's own place in what it was given (overlayfs.rst).
  SYSBOX_ASSIGN_OR_RETURN(const Fd work, OpenLayer(found.work + "/work"));
  SYSBOX_ASSIGN_OR_RETURN(layers.work, FileHandleOf(work));
  SYSBOX_RETURN_IF_ERROR(watch_.AddMovesFrom(work));
  SYSBOX_RETURN_IF_ERROR(watch_.AddNames(upper));
  layers_[id] = std::move(layers);
  return absl::OkStatus();
}

absl::Status EngineChanges::WatchRoot(const std::string& id) {
  const auto found = layers_.find(id);
  if (found == layers_.end()) return absl::OkStatus();
  SYSBOX_ASSIGN_OR_RETURN(const Fd upper, OpenLayer(found->second.upper_path));
  return watch_.AddNames(upper);
}

void EngineChanges::Release(const std::string& id) {
  layers_.erase(id);  // its marks go away with the directories
}

void EngineChanges::OnEvents() {
  const absl::StatusOr<EntryWatch::Events> events = watch_.Read();
  if (!events.ok()) {
    Log(LogLevel::kError, "changes of engines: given up: {}",
        MessageOf(events.status()));
    loop_->Unwatch(token_);
    return;
  }
  for (const EntryWatch::Event& event : events->events) OnEvent(event);
  if (events->lost) OnLost();
}

void EngineChanges::OnEvent(const EntryWatch::Event& event) {
  for (const auto& [id, layers] : layers_) {
    if (event.moved && event.directory == layers.work) {
      return on_change_(id, FindBelow(layers.upper_path, event.target));
    }
    if (!event.moved && event.directory == layers.upper) {
      const absl::StatusOr<Fd> upper = OpenLayer(layers.upper_path);
      // ENOENT: the second of the events that were pending.
      if (upper.ok() && !watch_.RemoveNames(*upper).ok()) return;
      return on_change_(id, "");
    }
  }
}

void EngineChanges::OnLost() {
  std::vector<std::string> ids;
  for (const auto& [id, layers] : layers_) ids.push_back(id);
  for (const std::string& id : ids) on_change_(id, "");
}

}  // namespace sysbox::mgr
