#include "sysbox/seccomp/syscall_table.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>

namespace sysbox::seccomp {
namespace {

constexpr SyscallRow kRows[] = {
#include "sysbox/seccomp/syscall_rows.inc"
};

// The first eight characters as a number that sorts like them.
constexpr uint64_t Prefix(std::string_view name) {
  uint64_t prefix = 0;
  for (size_t i = 0; i < sizeof(prefix); ++i) {
    const char c = i < name.size() ? name[i] : '\0';
    prefix = prefix << 8 | static_cast<uint8_t>(c);
  }
  return prefix;
}

// Searched in place of the names: a fourth of the time.
constexpr auto kPrefixes = [] {
  std::array<uint64_t, std::size(kRows)> prefixes = {};
  for (size_t i = 0; i < prefixes.size(); ++i) {
    prefixes[i] = Prefix(kRows[i].name);
  }
  return prefixes;
}();

constexpr bool ByName(const SyscallRow& a, const SyscallRow& b) {
  return a.name < b.name;
}
static_assert(std::is_sorted(std::begin(kRows), std::end(kRows), ByName));
static_assert(std::is_sorted(kPrefixes.begin(), kPrefixes.end()));

}  // namespace

const SyscallRow* FindSyscall(std::string_view name) {
  const uint64_t prefix = Prefix(name);
  const auto first =
      std::lower_bound(kPrefixes.begin(), kPrefixes.end(), prefix);
  for (size_t i = first - kPrefixes.begin();
       i < std::size(kRows) && kPrefixes[i] == prefix; ++i) {
    if (kRows[i].name == name) return &kRows[i];
  }
  return nullptr;
}

absl::Span<const SyscallRow> AllSyscalls() { return kRows; }

}  // namespace sysbox::seccomp
