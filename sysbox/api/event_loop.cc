#include "sysbox/api/event_loop.h"

#include <sys/epoll.h>

#include <cerrno>
#include <vector>

#include "sysbox/base/status.h"

namespace sysbox::api {

absl::StatusOr<std::unique_ptr<EventLoop>> EventLoop::Create() {
  SYSBOX_ASSIGN_OR_RETURN(Epoll epoll, Epoll::Create());
  SYSBOX_ASSIGN_OR_RETURN(Fd stop, MakeEventFd());
  SYSBOX_RETURN_IF_ERROR(epoll.Add(stop, EPOLLIN, 0));
  return std::unique_ptr<EventLoop>(
      new EventLoop(std::move(epoll), std::move(stop)));
}

absl::StatusOr<EventLoop::Token> EventLoop::Watch(FdRef fd, uint32_t events,
                                                  Callback callback) {
  const Token token = last_token_ + 1;
  SYSBOX_RETURN_IF_ERROR(epoll_.Add(fd, events, token));
  last_token_ = token;
  entries_[token] = std::make_shared<Entry>(Entry{fd, std::move(callback)});
  return token;
}

absl::Status EventLoop::Change(Token token, uint32_t events) {
  auto found = entries_.find(token);
  if (found == entries_.end()) return NotFound("event loop: no such token");
  return epoll_.Modify(found->second->fd, events, token);
}

void EventLoop::Unwatch(Token token) {
  auto found = entries_.find(token);
  if (found == entries_.end()) return;
  (void)epoll_.Remove(found->second->fd);  // fails only for a closed one
  entries_.erase(found);
}

absl::Status EventLoop::Run() {
  for (;;) {
    SYSBOX_ASSIGN_OR_RETURN(std::vector<ReadyEvent> ready, epoll_.Wait(-1));
    for (const ReadyEvent& event : ready) {
      if (event.key == 0) return absl::OkStatus();
      auto found = entries_.find(event.key);
      if (found == entries_.end()) continue;  // unwatched by one before it
      // Kept alive: the callback may unwatch itself.
      const std::shared_ptr<Entry> entry = found->second;
      entry->callback(event.events);
    }
  }
}

void EventLoop::Stop() {
  (void)SignalEventFd(stop_);  // fails only at 2^64 - 2 stops
}

}  // namespace sysbox::api
