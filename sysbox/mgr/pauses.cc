#include "sysbox/mgr/pauses.h"

#include <sys/epoll.h>

#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/events.h"

namespace sysbox::mgr {

absl::StatusOr<std::unique_ptr<Pauses>> Pauses::Create(
    api::EventLoop* loop, std::chrono::milliseconds length, OnEnd on_end) {
  SYSBOX_ASSIGN_OR_RETURN(Fd timer, MakeTimerFd());
  std::unique_ptr<Pauses> pauses(
      new Pauses(loop, std::move(timer), length, std::move(on_end)));
  SYSBOX_ASSIGN_OR_RETURN(
      pauses->token_,
      loop->Watch(pauses->timer_, EPOLLIN,
                  [raw = pauses.get()](uint32_t) { raw->OnTimer(); }));
  return pauses;
}

Pauses::~Pauses() { loop_->Unwatch(token_); }

void Pauses::Start(const std::string& name) {
  if (!names_.insert(name).second) return;
  ends_.emplace_back(Clock::now() + length_, name);
  if (ends_.size() == 1) Arm();
}

void Pauses::Cancel(const std::string& name) {
  if (names_.erase(name) == 0) return;
  std::erase_if(ends_, [&](const auto& end) { return end.second == name; });
}

void Pauses::OnTimer() {
  (void)DrainTimerFd(timer_);
  const Clock::time_point now = Clock::now();
  while (!ends_.empty() && ends_.front().first <= now) {
    const std::string name = std::move(ends_.front().second);
    ends_.pop_front();
    names_.erase(name);
    on_end_(name);
  }
  Arm();
}

void Pauses::Arm() {
  if (ends_.empty()) return;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(
      ends_.front().first - Clock::now());
  const absl::Status armed = ArmTimerFd(timer_, static_cast<int>(left.count()));
  if (!armed.ok()) Log(LogLevel::kError, "pauses: {}", MessageOf(armed));
}

}  // namespace sysbox::mgr
