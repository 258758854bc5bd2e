// One thread's event loop: epoll(7) and a callback per descriptor. Sleeps
// until something happens; has no timers. Not thread-safe but for Stop.
#ifndef SYSBOX_API_EVENT_LOOP_H_
#define SYSBOX_API_EVENT_LOOP_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/fd.h"

namespace sysbox::api {

class EventLoop {
 public:
  using Callback = std::function<void(uint32_t events)>;  // EPOLL*
  using Token = uint64_t;                                 // 0 is none

  static absl::StatusOr<std::unique_ptr<EventLoop>> Create();

  // Level-triggered. `fd` must stay open until Unwatch.
  absl::StatusOr<Token> Watch(FdRef fd, uint32_t events, Callback callback);
  absl::Status Change(Token token, uint32_t events);
  // From any callback, its own included; no call comes after it. An unknown
  // token is fine.
  void Unwatch(Token token);

  // Until Stop, which is sticky: a loop runs once.
  absl::Status Run();
  // From any thread or callback.
  void Stop();

 private:
  struct Entry {
    FdRef fd;
    Callback callback;
  };
  EventLoop(Epoll epoll, Fd stop)
      : epoll_(std::move(epoll)), stop_(std::move(stop)) {}

  Epoll epoll_;
  Fd stop_;  // eventfd, key 0
  Token last_token_ = 0;
  absl::flat_hash_map<Token, std::shared_ptr<Entry>> entries_;
};

}  // namespace sysbox::api

#endif  // SYSBOX_API_EVENT_LOOP_H_
