// The words of a profile: actions, operators, architectures and flags, in
// libseccomp's spelling, with the kernel's numbers. One table each.
#ifndef SYSBOX_SECCOMP_VOCABULARY_H_
#define SYSBOX_SECCOMP_VOCABULARY_H_

#include <cstdint>
#include <string_view>

#include "absl/types/span.h"
#include "sysbox/seccomp/decision.h"
#include "sysbox/seccomp/syscall_table.h"

namespace sysbox::seccomp {

struct Action {
  std::string_view name;  // "SCMP_ACT_ERRNO"
  uint32_t value;         // SECCOMP_RET_*, data 0
  bool takes_errno;       // errnoRet goes into the data
  bool permits;  // the call runs, or a tracer decides: no ENOSYS beyond the
                 // newest call known (runc)
};

struct Operator {
  std::string_view name;  // "SCMP_CMP_EQ"
  Compare compare;
};

// An architecture in libseccomp's sense: an ABI.
struct Architecture {
  std::string_view name;  // "SCMP_ARCH_X86_64"
  uint32_t audit_arch;    // AUDIT_ARCH_*
  int column;             // AbiColumn; -1: calls cannot come from it here
  bool wide;              // 64-bit arguments
  bool big_endian;
};

struct Flag {
  std::string_view name;  // "SECCOMP_FILTER_FLAG_LOG"
  unsigned int value;
};

// Sorted by name.
absl::Span<const Action> Actions();
absl::Span<const Operator> Operators();
absl::Span<const Architecture> Architectures();
absl::Span<const Flag> Flags();

// nullptr if unknown.
const Action* FindAction(std::string_view name);
const Operator* FindOperator(std::string_view name);
const Architecture* FindArchitecture(std::string_view name);
const Flag* FindFlag(std::string_view name);

// kAllow as a SECCOMP_RET_* is the weakest; of two filters' actions the
// kernel takes the stronger one, seccomp(2).
uint32_t StrongerAction(uint32_t a, uint32_t b);

}  // namespace sysbox::seccomp

#endif  // SYSBOX_SECCOMP_VOCABULARY_H_
