#include "sysbox/emu/views/shared_texts.h"

#include <algorithm>

namespace sysbox::emu::views {

std::optional<std::string> SharedTexts::Get(const void* key,
                                            int64_t now_ns) const {
  absl::MutexLock lock(&mu_);
  for (const Entry& entry : entries_) {
    if (entry.key != key) continue;
    if (now_ns - entry.made_ns >= kFreshNs) return std::nullopt;
    return entry.text;
  }
  return std::nullopt;
}

void SharedTexts::Put(const void* key, int64_t now_ns,
                      const std::string& text) {
  if (text.size() > kMostBytes) return;
  absl::MutexLock lock(&mu_);
  auto entry =
      std::find_if(entries_.begin(), entries_.end(),
                   [key](const Entry& entry) { return entry.key == key; });
  if (entry == entries_.end() && entries_.size() < kMostTexts) {
    entries_.push_back({key, now_ns, text});
    return;
  }
  if (entry == entries_.end()) {
    entry = std::min_element(
        entries_.begin(), entries_.end(),
        [](const Entry& a, const Entry& b) { return a.made_ns < b.made_ns; });
  }
  *entry = {key, now_ns, text};
}

}  // namespace sysbox::emu::views
