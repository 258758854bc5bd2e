#include "sysbox/fuse/polls.h"

#include <utility>

namespace sysbox::fuse {

bool Polls::Ask(uint64_t file, bool wait) {
  absl::MutexLock lock(&mu_);
  const auto [found, is_new] = files_.try_emplace(file, Seen{changes_, false});
  Seen& seen = found->second;
  const bool changed = std::exchange(seen.changes, changes_) != changes_;
  // Who is told now will ask again.
  seen.waits = (seen.waits || wait) && !changed;
  // The kernel counts open files upwards.
  if (is_new && files_.size() > kMost) files_.erase(files_.begin());
  return changed;
}

std::vector<uint64_t> Polls::Change() {
  std::vector<uint64_t> waiting;
  absl::MutexLock lock(&mu_);
  ++changes_;
  for (auto& [file, seen] : files_) {
    if (std::exchange(seen.waits, false)) waiting.push_back(file);
  }
  return waiting;
}

}  // namespace sysbox::fuse
