// What an engine does in a container's upper layer without writing a file,
// which overlay_coherence.h would not be told of: it makes a directory.
//
//     in the engine's        renamed out of it: a directory (or file) that its
//     work directory         superblock has just brought into the upper layer
//     in the upper layer's   a name comes or goes: `docker cp` makes a place
//     root                   for its pivot_root(2) there before it copies, and
//                            removes it. The container's own do so, too, so
//                            this is told once, until asked for again
#ifndef SYSBOX_MGR_ENGINE_CHANGES_H_
#define SYSBOX_MGR_ENGINE_CHANGES_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "sysbox/api/event_loop.h"
#include "sysbox/linux/entry_watch.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/file_handle.h"

namespace sysbox::mgr {

// All in the loop's thread. Holds no descriptor of a layer between events.
class EngineChanges {
 public:
  // `directory` is the one that came into the upper layer ("etc"), or "". A
  // hint, like DirectoryOf's.
  using OnChange =
      std::function<void(const std::string& id, const std::string& directory)>;

  // An error if the kernel cannot. `loop` must outlive it.
  static absl::StatusOr<std::unique_ptr<EngineChanges>> Create(
      api::EventLoop* loop, OnChange on_change);
  ~EngineChanges();
  EngineChanges(const EngineChanges&) = delete;
  EngineChanges& operator=(const EngineChanges&) = delete;

  // `outside` is the root of the engine's overlay. An error if its layers lie
  // where the kernel cannot watch; a read-only one is fine.
  absl::Status Watch(const std::string& id, FdRef outside);
  // The upper layer's root again. Unknown ids are fine.
  absl::Status WatchRoot(const std::string& id);
  void Release(const std::string& id);

 private:
  struct Layers {
    std::string upper_path;
    FileHandle upper;
    FileHandle work;
  };

  EngineChanges(api::EventLoop* loop, EntryWatch watch, OnChange on_change)
      : loop_(loop),
        watch_(std::move(watch)),
        on_change_(std::move(on_change)) {}
  void OnEvents();
  void OnEvent(const EntryWatch::Event& event);
  void OnLost();

  api::EventLoop* loop_;
  EntryWatch watch_;
  OnChange on_change_;
  api::EventLoop::Token token_ = 0;
  std::map<std::string, Layers> layers_;
};

}  // namespace sysbox::mgr

#endif  // SYSBOX_MGR_ENGINE_CHANGES_H_
