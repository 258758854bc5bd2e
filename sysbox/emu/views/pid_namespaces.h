// Which pid namespace a thread of the host is in. Asked for with each request,
// so remembered for some milliseconds: a thread never changes its own, and its
// number is not another's as soon as that. Thread-safe.
#ifndef SYSBOX_EMU_VIEWS_PID_NAMESPACES_H_
#define SYSBOX_EMU_VIEWS_PID_NAMESPACES_H_

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace sysbox::emu::views {

class PidNamespaces {
 public:
  static constexpr int64_t kFreshNs = 5'000'000;

  // `proc` is where the host's procfs is.
  explicit PidNamespaces(std::string proc) : proc_(std::move(proc)) {}

  // Its inode number; nullopt: there is no such thread. `now_ns` of any one
  // clock.
  std::optional<uint64_t> Of(pid_t thread, int64_t now_ns);
  // The same, for what is kept for good: as of now.
  std::optional<uint64_t> Ask(pid_t thread) const;

 private:
  // As many as read at once, more or less.
  static constexpr size_t kMost = 64;
  struct Known {
    pid_t thread = 0;
    uint64_t inode = 0;
    int64_t seen_ns = 0;
  };

  const std::string proc_;
  absl::Mutex mu_;
  std::array<Known, kMost> known_ ABSL_GUARDED_BY(mu_);  // by number
};

}  // namespace sysbox::emu::views

#endif  // SYSBOX_EMU_VIEWS_PID_NAMESPACES_H_
