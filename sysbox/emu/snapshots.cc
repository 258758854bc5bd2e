#include "sysbox/emu/snapshots.h"

#include <utility>

#include "absl/time/clock.h"

namespace sysbox::emu {
namespace {

constexpr size_t kMaxSnapshots = 512;
constexpr size_t kMaxSnapshotBytes = 16384;
constexpr size_t kMaxBytes = size_t{64} * kMaxSnapshotBytes;  // of all
constexpr absl::Duration kFreshFor = absl::Seconds(1);

}  // namespace

absl::Time Snapshots::Take(fuse::NodeId node, std::string text) {
  const absl::Time now = absl::Now();
  const absl::MutexLock lock(&mu_);
  const auto found = snapshots_.find(node);
  if (found != snapshots_.end() && found->second.text == text) {
    found->second.taken = now;
    return found->second.changed;
  }
  Erase(node);
  if (text.size() > kMaxSnapshotBytes) return now;
  if (snapshots_.size() >= kMaxSnapshots || bytes_ + text.size() > kMaxBytes) {
    snapshots_.clear();
    bytes_ = 0;
  }
  bytes_ += text.size();
  snapshots_[node] = {std::move(text), now, now};
  return now;
}

std::optional<std::string> Snapshots::Fresh(fuse::NodeId node) {
  const absl::MutexLock lock(&mu_);
  const auto found = snapshots_.find(node);
  if (found == snapshots_.end() ||
      absl::Now() - found->second.taken > kFreshFor) {
    return std::nullopt;
  }
  return found->second.text;
}

void Snapshots::Forget(fuse::NodeId node) {
  const absl::MutexLock lock(&mu_);
  Erase(node);
}

void Snapshots::Erase(fuse::NodeId node) {
  const auto found = snapshots_.find(node);
  if (found == snapshots_.end()) return;
  bytes_ -= found->second.text.size();
  snapshots_.erase(found);
}

}  // namespace sysbox::emu
