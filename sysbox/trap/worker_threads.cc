#include "sysbox/trap/worker_threads.h"

#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/linux/events.h"

namespace sysbox::trap {
namespace {

constexpr int kIdleThreads = 2;
// One lingers; another may be on its way back to all listeners.
constexpr int kWakes = 2;

}  // namespace

absl::Status WorkerThreads::Prepare() {
  absl::MutexLock lock(&mu_);
  for (int i = 0; i < kWakes; ++i) {
    SYSBOX_ASSIGN_OR_RETURN(Fd event, MakeEventFd());
    wakes_.push_back(std::make_shared<const Fd>(std::move(event)));
  }
  return absl::OkStatus();
}

void WorkerThreads::Stop() {
  absl::MutexLock lock(&mu_);
  stopping_ = true;
  if (lingerer_ == nullptr) return;
  (void)SignalEventFd(*lingerer_);  // full: it is readable already
}

void WorkerThreads::AwaitEnd(absl::Duration patience) {
  absl::MutexLock lock(&mu_);
  const auto all_gone = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return count_ == 0;
  };
  mu_.AwaitWithTimeout(absl::Condition(&all_gone), patience);
}

size_t WorkerThreads::count() const {
  absl::MutexLock lock(&mu_);
  return count_;
}

bool WorkerThreads::AddIdle() {
  absl::MutexLock lock(&mu_);
  if (idle_ > 0 || stopping_ || count_ >= most_) return false;
  ++count_;
  ++idle_;
  return true;
}

bool WorkerThreads::NoteStarted(bool runs) {
  absl::MutexLock lock(&mu_);
  const bool were_short = std::exchange(short_of_threads_, !runs);
  if (runs) return true;
  --count_;
  --idle_;
  return were_short;
}

void WorkerThreads::Add() {
  absl::MutexLock lock(&mu_);
  ++count_;
}

void WorkerThreads::End() {
  absl::MutexLock lock(&mu_);
  --count_;
}

bool WorkerThreads::BecomeIdle() {
  absl::MutexLock lock(&mu_);
  const int waiting = idle_ + (lingerer_ != nullptr ? 1 : 0);
  if (stopping_ || (idle_ > 0 && waiting >= kIdleThreads)) return false;
  ++idle_;
  return true;
}

bool WorkerThreads::BecomeBusy() {
  absl::MutexLock lock(&mu_);
  --idle_;
  return !stopping_;
}

WorkerThreads::Wake WorkerThreads::StartLingering() {
  absl::MutexLock lock(&mu_);
  if (wakes_.empty() || lingerer_ != nullptr || idle_ == 0 || stopping_) {
    return nullptr;
  }
  lingerer_ = std::move(wakes_.back());
  wakes_.pop_back();
  return lingerer_;
}

void WorkerThreads::EndLingering(const Wake& wake) {
  absl::MutexLock lock(&mu_);
  if (lingerer_ == wake) lingerer_ = nullptr;
  wakes_.push_back(wake);
}

bool WorkerThreads::CallLingererAway() {
  Wake lingerer;
  {
    absl::MutexLock lock(&mu_);
    lingerer.swap(lingerer_);
  }
  if (lingerer == nullptr) return false;
  (void)SignalEventFd(*lingerer);  // full: it is readable already
  return true;
}

}  // namespace sysbox::trap
