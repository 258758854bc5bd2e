// The mounts that are to stay, so that nothing is mounted below them whatever
// symlinks lead there: KeepLocked covers such a mount with more of itself, and
// so would cover what is below it. The plan has compared paths; this compares
// what they led to. Uses no /proc.
#ifndef SYSBOX_MOUNTS_STAYING_MOUNTS_H_
#define SYSBOX_MOUNTS_STAYING_MOUNTS_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "sysbox/linux/fd.h"

namespace sysbox::mounts {

class StayingMounts {
 public:
  // Which is attached.
  absl::Status Add(FdRef mount);
  // InvalidArgument if `target` lies below one of them.
  absl::Status CheckNotBelow(FdRef target) const;

 private:
  bool Has(uint64_t id) const;
  std::vector<uint64_t> ids_;
};

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_STAYING_MOUNTS_H_
