// Watches the processes that keep containers registered: a pidfd for each in
// the daemon's event loop. No polling, and nothing to do until one ends.
#ifndef SYSBOX_MGR_PROCESS_WATCH_H_
#define SYSBOX_MGR_PROCESS_WATCH_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "sysbox/api/event_loop.h"
#include "sysbox/linux/process.h"
#include "sysbox/mgr/process_identity.h"

namespace sysbox::mgr {

class ProcessWatch {
 public:
  // `on_end` is called from the loop, never from Watch, with the id of a
  // process that has ended; it is not watched any more then. `loop` must
  // outlive the watch.
  static absl::StatusOr<std::unique_ptr<ProcessWatch>> Create(
      api::EventLoop* loop, std::function<void(const std::string&)> on_end);
  ~ProcessWatch();
  ProcessWatch(const ProcessWatch&) = delete;
  ProcessWatch& operator=(const ProcessWatch&) = delete;

  // Replaces what `id` named before. An error (no descriptors left) leaves it
  // unwatched.
  absl::Status Watch(const std::string& id, const ProcessIdentity& process);
  void Unwatch(const std::string& id);
  size_t size() const { return watched_.size(); }

 private:
  struct Watched {
    Pidfd pidfd;
    api::EventLoop::Token token = 0;
  };
  ProcessWatch(api::EventLoop* loop, Fd wake,
               std::function<void(const std::string&)> on_end)
      : loop_(loop), wake_(std::move(wake)), on_end_(std::move(on_end)) {}
  void ReportEnded();

  api::EventLoop* loop_;
  Fd wake_;  // eventfd: `ended_` is not empty
  api::EventLoop::Token wake_token_ = 0;
  std::vector<std::string> ended_;  // dead before they could be watched
  std::function<void(const std::string&)> on_end_;
  absl::flat_hash_map<std::string, Watched> watched_;
};

}  // namespace sysbox::mgr

#endif  // SYSBOX_MGR_PROCESS_WATCH_H_
