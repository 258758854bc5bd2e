// Pauses of one length, each with a name, in an event loop.
#ifndef SYSBOX_MGR_PAUSES_H_
#define SYSBOX_MGR_PAUSES_H_

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "sysbox/api/event_loop.h"
#include "sysbox/linux/fd.h"

namespace sysbox::mgr {

// All in the loop's thread. No timer is armed while nothing pauses.
class Pauses {
 public:
  using OnEnd = std::function<void(const std::string& name)>;

  // `loop` must outlive it.
  static absl::StatusOr<std::unique_ptr<Pauses>> Create(
      api::EventLoop* loop, std::chrono::milliseconds length, OnEnd on_end);
  ~Pauses();
  Pauses(const Pauses&) = delete;
  Pauses& operator=(const Pauses&) = delete;

  // Nothing if it pauses already: the end does not move.
  void Start(const std::string& name);
  // Without `on_end`; unknown names are fine.
  void Cancel(const std::string& name);

 private:
  using Clock = std::chrono::steady_clock;
  Pauses(api::EventLoop* loop, Fd timer, std::chrono::milliseconds length,
         OnEnd on_end)
      : loop_(loop),
        timer_(std::move(timer)),
        length_(length),
        on_end_(std::move(on_end)) {}
  void OnTimer();
  void Arm();

  api::EventLoop* loop_;
  Fd timer_;
  std::chrono::milliseconds length_;
  OnEnd on_end_;
  api::EventLoop::Token token_ = 0;
  std::deque<std::pair<Clock::time_point, std::string>> ends_;  // soonest first
  std::set<std::string> names_;  // of those that were not cancelled
};

}  // namespace sysbox::mgr

#endif  // SYSBOX_MGR_PAUSES_H_
