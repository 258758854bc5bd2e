#include "sysbox/mgr/process_watch.h"

#include <sys/epoll.h>

#include <optional>

#include "sysbox/base/status.h"
#include "sysbox/linux/events.h"

namespace sysbox::mgr {

absl::StatusOr<std::unique_ptr<ProcessWatch>> ProcessWatch::Create(
    api::EventLoop* loop, std::function<void(const std::string&)> on_end) {
  SYSBOX_ASSIGN_OR_RETURN(Fd wake, MakeEventFd());
  std::unique_ptr<ProcessWatch> watch(
      new ProcessWatch(loop, std::move(wake), std::move(on_end)));
  ProcessWatch* self = watch.get();
  SYSBOX_ASSIGN_OR_RETURN(watch->wake_token_,
                          loop->Watch(watch->wake_, EPOLLIN, [self](uint32_t) {
                            self->ReportEnded();
                          }));
  return watch;
}

ProcessWatch::~ProcessWatch() {
  loop_->Unwatch(wake_token_);
  for (const auto& [id, watched] : watched_) loop_->Unwatch(watched.token);
}

absl::Status ProcessWatch::Watch(const std::string& id,
                                 const ProcessIdentity& process) {
  Unwatch(id);
  SYSBOX_ASSIGN_OR_RETURN(std::optional<Pidfd> pidfd, Pin(process));
  if (!pidfd) {
    ended_.push_back(id);
    return SignalEventFd(wake_);
  }
  SYSBOX_ASSIGN_OR_RETURN(
      api::EventLoop::Token token,
      loop_->Watch(pidfd->fd(), EPOLLIN, [this, id](uint32_t) {
        const std::string ended = id;  // Unwatch destroys this function
        Unwatch(ended);
        on_end_(ended);
      }));
  watched_[id] = {*std::move(pidfd), token};
  return absl::OkStatus();
}

void ProcessWatch::Unwatch(const std::string& id) {
  auto found = watched_.find(id);
  if (found == watched_.end()) return;
  loop_->Unwatch(found->second.token);
  watched_.erase(found);
}

void ProcessWatch::ReportEnded() {
  (void)DrainEventFd(wake_);
  const std::vector<std::string> ended = std::exchange(ended_, {});
  for (const std::string& id : ended) on_end_(id);
}

}  // namespace sysbox::mgr
