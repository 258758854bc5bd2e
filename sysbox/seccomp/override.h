// A decision about one system call that comes from elsewhere than the
// profile: the table of trapped calls (architecture D10).
#ifndef SYSBOX_SECCOMP_OVERRIDE_H_
#define SYSBOX_SECCOMP_OVERRIDE_H_

#include <cstdint>
#include <string_view>

#include "absl/types/span.h"
#include "sysbox/seccomp/decision.h"

namespace sysbox::seccomp {

// One system call and what becomes of it over and above the profile: in every
// ABI listed, the stronger of `action` (SECCOMP_RET_*) and the profile's own
// action applies, as if `action` stood in a second filter (seccomp(2)). So
// SECCOMP_RET_USER_NOTIF traps what the profile allows, logs or lets be
// traced; what it denies stays denied, calls newer than it knows included.
struct Override {
  std::string_view name;
  uint32_t action = 0;
  // All must hold, else the call is the profile's. 32-bit ABIs compare the low
  // words. Borrowed: a table's. Several overrides of one call are alternatives.
  absl::Span<const Condition> conditions = {};
};

}  // namespace sysbox::seccomp

#endif  // SYSBOX_SECCOMP_OVERRIDE_H_
