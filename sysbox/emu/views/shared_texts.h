// Texts made a moment ago, by whom they were made. Keeps a few, small ones
// only, so that an idle container's cost little. Thread-safe.
#ifndef SYSBOX_EMU_VIEWS_SHARED_TEXTS_H_
#define SYSBOX_EMU_VIEWS_SHARED_TEXTS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace sysbox::emu::views {

class SharedTexts {
 public:
  static constexpr int64_t kFreshNs = 3'000'000;
  static constexpr size_t kMostBytes = 6144;  // of one text
  static constexpr size_t kMostTexts = 5;

  // Both: `now_ns` of any one clock.
  std::optional<std::string> Get(const void* key, int64_t now_ns) const;
  void Put(const void* key, int64_t now_ns, const std::string& text);

 private:
  struct Entry {
    const void* key;
    int64_t made_ns;
    std::string text;
  };
  mutable absl::Mutex mu_;
  std::vector<Entry> entries_ ABSL_GUARDED_BY(mu_);
};

}  // namespace sysbox::emu::views

#endif  // SYSBOX_EMU_VIEWS_SHARED_TEXTS_H_
