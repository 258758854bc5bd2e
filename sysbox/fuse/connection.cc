#include "sysbox/fuse/connection.h"

#include "absl/time/clock.h"

namespace sysbox::fuse {

// Handles count from the time on, which is beyond whatever a predecessor gave
// out: nobody opens a file per nanosecond.
Connection::Connection(uint64_t id, Fd device, std::shared_ptr<Tree> tree,
                       ServiceOptions options, int limit,
                       std::shared_ptr<PollJournal> polls)
    : id_(id),
      device_(std::move(device)),
      tree_(std::move(tree)),
      options_(std::move(options)),
      limit_(limit),
      open_files_(static_cast<uint64_t>(absl::GetCurrentTimeNanos())),
      polls_(std::move(polls), options_.name) {}

bool Connection::BeginAsking() {
  absl::MutexLock lock(&mu_);
  ++asking_;
  full_ = asking_ >= limit_;
  return !full_;
}

bool Connection::FinishAsking() {
  absl::MutexLock lock(&mu_);
  --asking_;
  return std::exchange(full_, false);
}

}  // namespace sysbox::fuse
