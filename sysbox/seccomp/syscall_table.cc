#include "sysbox/seccomp/syscall_table.h"

#include <algorithm>
#include <iterator>

namespace sysbox::seccomp {
namespace {

constexpr SyscallRow kRows[] = {
#include "sysbox/seccomp/syscall_rows.inc"
};

constexpr bool ByName(const SyscallRow& a, const SyscallRow& b) {
  return a.name < b.name;
}
static_assert(std::is_sorted(std::begin(kRows), std::end(kRows), ByName));

}  // namespace

const SyscallRow* FindSyscall(std::string_view name) {
  const SyscallRow* row = std::lower_bound(
      std::begin(kRows), std::end(kRows), name,
      [](const SyscallRow& r, std::string_view n) { return r.name < n; });
  return row != std::end(kRows) && row->name == name ? row : nullptr;
}

absl::Span<const SyscallRow> AllSyscalls() { return kRows; }

}  // namespace sysbox::seccomp
