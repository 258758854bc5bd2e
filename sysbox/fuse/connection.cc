#include "sysbox/fuse/connection.h"

#include <linux/fuse.h>

#include "absl/time/clock.h"
#include "sysbox/linux/fuse_device.h"

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

// Attributes only: dropping pages would wait for reads of them, one of which
// may be waiting for us. New attributes drop the pages when they are asked.
absl::Status Connection::ForgetAttributes(NodeId node) {
  fuse_notify_inval_inode_out which = {};
  which.ino = node;
  which.off = -1;
  return WriteFuseNotification(
      device_, FUSE_NOTIFY_INVAL_INODE,
      {reinterpret_cast<const char*>(&which), sizeof which});
}

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
