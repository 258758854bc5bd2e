// System call names and their numbers in the ABIs of the two families of
// machines this runs on. The table is made at build time from libseccomp's, so
// that a lookup is a binary search.
#ifndef SYSBOX_SECCOMP_SYSCALL_TABLE_H_
#define SYSBOX_SECCOMP_SYSCALL_TABLE_H_

#include <array>
#include <cstdint>
#include <string_view>

#include "absl/types/span.h"

namespace sysbox::seccomp {

enum AbiColumn { kX8664, kX86, kX32, kAarch64, kArm, kAbiColumns };

struct SyscallRow {
  std::string_view name;
  // By AbiColumn; -1 where the ABI lacks the call. x32 without its bit.
  std::array<int32_t, kAbiColumns> number;
  // On 32-bit x86 also reached through socketcall(2) or ipc(2): that call's
  // number, and the value of its first argument. -1 if not.
  int16_t x86_multiplexer;
  int16_t x86_call;
};

// nullptr if the name is unknown.
const SyscallRow* FindSyscall(std::string_view name);

// All rows, sorted by name.
absl::Span<const SyscallRow> AllSyscalls();

}  // namespace sysbox::seccomp

#endif  // SYSBOX_SECCOMP_SYSCALL_TABLE_H_
