// The lock that useradd(8) and usermod(8) take on a file such as /etc/subuid:
// PATH.lock, which holds the locker's pid. Only against those: processes of
// ours exclude one another by flock(2) first.
#ifndef SYSBOX_IDS_SHADOW_LOCK_H_
#define SYSBOX_IDS_SHADOW_LOCK_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace sysbox {

class ShadowLock {
 public:
  // Waits until a living holder ends, at most 10 s (Unavailable names it);
  // takes over what a dead one left.
  static absl::StatusOr<ShadowLock> Take(const std::string& path);

  ShadowLock(ShadowLock&& other) noexcept
      : lock_path_(std::exchange(other.lock_path_, "")) {}
  ShadowLock& operator=(ShadowLock&&) = delete;
  ~ShadowLock();

 private:
  explicit ShadowLock(std::string lock_path)
      : lock_path_(std::move(lock_path)) {}
  std::string lock_path_;  // "": moved from
};

}  // namespace sysbox

#endif  // SYSBOX_IDS_SHADOW_LOCK_H_
