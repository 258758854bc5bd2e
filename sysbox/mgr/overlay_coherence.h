// Lets the engine and a container see each other's new files. A container's
// root is a second overlay superblock over the engine's upper layer; each
// caches names, absent ones too, so that `docker cp` into a name that was
// looked up inside would stay unseen there, and `docker cp` out of one that
// appeared inside would go on failing.
//
//     what happens                          whose names are forgotten
//     the engine closes a file or directory the engine's: it has looked, and
//                                           shall look afresh next time
//     … after writing                       the container's as well, and it
//                                           adopts the directory if need be
//                                           (overlay_adoption.h)
//     … after making or changing a          the same, kRestMs later
//     directory (engine_changes.h)
//     the host's mount table changes        the engine's: `docker cp` mounts
//                                           /etc/hosts even to look only
//     the container closes a written file   the engine's; its writes are then
//                                           not looked at for kRestMs, then
//                                           once more, and watched again
//
// Not seen inside: what the engine deletes; a file in the place of one that is
// in use inside; and into which directories in use it wrote when it wrote more
// files than the kernel's queue holds, or while no daemon ran.
#ifndef SYSBOX_MGR_OVERLAY_COHERENCE_H_
#define SYSBOX_MGR_OVERLAY_COHERENCE_H_

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/api/event_loop.h"
#include "sysbox/linux/fanotify.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/process.h"
#include "sysbox/mgr/engine_changes.h"
#include "sysbox/mgr/overlay_sides.h"
#include "sysbox/mgr/pauses.h"
#include "sysbox/mgr/process_identity.h"

namespace sysbox::mgr {

// All in the loop's thread. Between events it holds no descriptor of a
// container's filesystem, has no timer armed and does not wake up.
class OverlayCoherence {
 public:
  static constexpr int kRestMs = 250;
  // For tests; from the loop's thread.
  using OnRefresh = std::function<void(const std::string& id, bool inside)>;

  // An error if the kernel cannot. `loop` must outlive it.
  static absl::StatusOr<std::unique_ptr<OverlayCoherence>> Create(
      api::EventLoop* loop, OnRefresh on_refresh = nullptr);
  ~OverlayCoherence();
  OverlayCoherence(const OverlayCoherence&) = delete;
  OverlayCoherence& operator=(const OverlayCoherence&) = delete;

  // Takes note of a container; costs nothing until Start.
  void Hold(const std::string& id, const std::string& rootfs,
            const ProcessIdentity& init);
  // Once init has changed to its own root. Unknown ids are fine; a container
  // whose root is no such overlay is let go of.
  void Start(const std::string& id);
  // Those that ran while nobody watched.
  void StartAll();
  void Release(const std::string& id);
  size_t size() const { return containers_.size(); }

 private:
  struct Container {
    OverlaySides sides;
    ProcessIdentity init;
    // Which the engine has made or written into, until the next refresh inside.
    std::set<std::string> directories;
    // Refreshes the inside: it may have to wait for the container.
    OwnedChild refresher;
    api::EventLoop::Token token = 0;
    bool again = false;  // once more when that ends
  };

  OverlayCoherence(api::EventLoop* loop, WriteWatch watch, Fd mount_table,
                   OnRefresh on_refresh)
      : loop_(loop),
        watch_(std::move(watch)),
        mount_table_(std::move(mount_table)),
        on_refresh_(std::move(on_refresh)) {}
  absl::Status Listen();
  absl::Status Open(const std::string& id, Container& container);
  void OnEvents();
  void OnEngineChange(const std::string& id, const std::string& directory);
  void OnMountTable();
  // Device → whether anything was written there.
  absl::Status TakeEvents(std::map<std::string, bool>* devices);
  void NoteDirectoryOf(const std::string& device, FdRef file);
  static void NoteDirectory(Container& container, std::string directory);
  void OnDevice(const std::string& device, FdRef file);
  void OnLost();
  void OnRested(const std::string& id);
  void OnSettled(const std::string& id);
  absl::Status WatchBoth(Container& container);
  void RefreshOutside(const std::string& id, Container& container);
  void RefreshInside(const std::string& id, Container& container);
  absl::Status Refresh(const std::string& id, Container& container);
  void OnRefresherEnd(const std::string& id);

  api::EventLoop* loop_;
  WriteWatch watch_;
  Fd mount_table_;
  OnRefresh on_refresh_;
  api::EventLoop::Token watch_token_ = 0;
  api::EventLoop::Token mount_table_token_ = 0;
  std::map<std::string, Container> containers_;  // references stay valid
  std::unique_ptr<Pauses> resting_;              // their writes are not watched
  std::unique_ptr<Pauses> settling_;  // the inside is to be refreshed again
  std::unique_ptr<EngineChanges> changes_;  // null: the kernel cannot
};

}  // namespace sysbox::mgr

#endif  // SYSBOX_MGR_OVERLAY_COHERENCE_H_
