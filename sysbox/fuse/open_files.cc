#include "sysbox/fuse/open_files.h"

#include <utility>

namespace sysbox::fuse {
namespace {

// Of one connection: a dozen readers of a big machine's /proc/cpuinfo, or
// 65536 small files held open.
constexpr size_t kMaxBytes = size_t{8} << 20;
// What one entry costs beside its content.
constexpr size_t kEntrySize = 128;

}  // namespace

uint64_t OpenFiles::NewHandle() {
  absl::MutexLock lock(&mu_);
  return next_handle_++;
}

OpenFiles::Content OpenFiles::Find(uint64_t handle, uint64_t offset) const {
  static const auto* const nothing =
      new Content(std::make_shared<const std::string>());
  absl::MutexLock lock(&mu_);
  const auto found = snapshots_.find(handle);
  if (found == snapshots_.end()) return nullptr;
  if (found->second.content != nullptr) return found->second.content;
  return offset >= found->second.length ? *nothing : nullptr;
}

void OpenFiles::Keep(uint64_t handle, const Content& content,
                     size_t delivered) {
  const bool whole = delivered >= content->size();
  const size_t cost = kEntrySize + (whole ? 0 : content->size());
  absl::MutexLock lock(&mu_);
  ForgetLocked(handle);
  if (bytes_ + cost > kMaxBytes) return;
  bytes_ += cost;
  snapshots_[handle] = {whole ? nullptr : content, content->size()};
}

void OpenFiles::Forget(uint64_t handle) {
  absl::MutexLock lock(&mu_);
  ForgetLocked(handle);
}

void OpenFiles::ForgetLocked(uint64_t handle) {
  const auto found = snapshots_.find(handle);
  if (found == snapshots_.end()) return;
  const Content& content = found->second.content;
  bytes_ -= kEntrySize + (content != nullptr ? content->size() : 0);
  snapshots_.erase(found);
}

size_t OpenFiles::bytes() const {
  absl::MutexLock lock(&mu_);
  return bytes_;
}

}  // namespace sysbox::fuse
