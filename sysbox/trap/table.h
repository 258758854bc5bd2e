// The one table of trapped system calls: which, in what ABIs, tested for what
// in the filter, and which family of handlers answers them. It drives the
// seccomp filter, the dispatcher and `features`. README.md says why each is
// there.
#ifndef SYSBOX_TRAP_TABLE_H_
#define SYSBOX_TRAP_TABLE_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "sysbox/seccomp/decision.h"
#include "sysbox/seccomp/override.h"

namespace sysbox::trap {

// One handler each, families.cc.
enum class Family : uint8_t {
  kAffinity,
  kChown,
  kFsOpen,
  kLoadModule,
  kMakeNode,
  kMount,
  kMountSetattr,
  kMoveMount,
  kSwapOff,
  kSysinfo,
  kSyslog,
  kUnmount,
  kXattr,
};
inline constexpr Family kLastFamily = Family::kXattr;

// What decides which rows a container has.
struct TrapOptions {
  bool syscont_mode = true;
  bool ignore_sysfs_chown = false;
  bool allow_trusted_xattr = false;
  bool allow_mounts = false;  // of some type that Host::AllowsMount
  bool cpu_quota = false;     // it has one from the start
};

struct TableRow {
  std::string_view name;  // libseccomp's
  Family family;
  // Trapped only where all of these hold.
  absl::Span<const seccomp::Condition> conditions;
  // Only in containers with this option.
  bool TrapOptions::*option;
  // Never let through to the kernel: allowed whatever the profile ties it to.
  bool answered;
  // The handler may wait for others (paths lead into file systems that a
  // container serves).
  bool may_wait;
};
absl::Span<const TableRow> Table();  // sorted by name

// For the filter's compiler. Views into the table.
std::vector<seccomp::Override> Overrides(const TrapOptions& options);
std::vector<std::string_view> AnsweredSyscalls(const TrapOptions& options);
// For `features`: every name once.
std::vector<std::string_view> TrappedNames();

// The row of a call as the kernel numbers it; nullptr if it has none. Several
// rows of one name (alternatives of conditions) have one family.
const TableRow* FindRow(uint32_t audit_arch, int number);

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_TABLE_H_
