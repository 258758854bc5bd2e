#include "sysbox/fuse/polls.h"

#include <utility>

namespace sysbox::fuse {

bool Polls::Ask(uint64_t file, bool wait) {
  absl::MutexLock lock(&mu_);
  const auto [found, is_new] = files_.try_emplace(file, Seen{changes_});
  Seen& seen = found->second;
  const bool changed = std::exchange(seen.changes, changes_) != changes_;
  if (wait && seen.slot < 0 && journal_ != nullptr) {
    seen.slot = journal_->Remember(name_, file);
  }
  // Who is told now will ask again.
  seen.waits = (seen.waits || wait) && !changed;
  // The kernel counts open files upwards.
  if (is_new && files_.size() > kMost) {
    Drop(files_.begin()->second);
    files_.erase(files_.begin());
  }
  return changed;
}

void Polls::Drop(const Seen& seen) {
  if (seen.slot >= 0) journal_->Forget(seen.slot);
}

std::vector<uint64_t> Polls::Resume() {
  std::vector<uint64_t> woken;
  if (journal_ == nullptr) return woken;
  absl::MutexLock lock(&mu_);
  for (const PollJournal::Left& left : journal_->TakeLeft(name_)) {
    files_[left.file] = {changes_ - 1, false, left.slot};
    woken.push_back(left.file);
  }
  return woken;
}

void Polls::End() {
  absl::MutexLock lock(&mu_);
  for (const auto& [file, seen] : files_) Drop(seen);
  files_.clear();
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
