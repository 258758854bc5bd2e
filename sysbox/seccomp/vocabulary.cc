#include "sysbox/seccomp/vocabulary.h"

#include <linux/audit.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <iterator>

namespace sysbox::seccomp {
namespace {

constexpr Action kActions[] = {
    {"SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW, false, true},
    {"SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO, true, false},
    {"SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD, false, false},
    {"SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS, false, false},
    {"SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD, false, false},
    {"SCMP_ACT_LOG", SECCOMP_RET_LOG, false, true},
    {"SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF, false, false},
    {"SCMP_ACT_TRACE", SECCOMP_RET_TRACE, true, true},
    {"SCMP_ACT_TRAP", SECCOMP_RET_TRAP, false, false},
};

constexpr Operator kOperators[] = {
    {"SCMP_CMP_EQ", Compare::kEq}, {"SCMP_CMP_GE", Compare::kGe},
    {"SCMP_CMP_GT", Compare::kGt}, {"SCMP_CMP_LE", Compare::kLe},
    {"SCMP_CMP_LT", Compare::kLt}, {"SCMP_CMP_MASKED_EQ", Compare::kMaskedEq},
    {"SCMP_CMP_NE", Compare::kNe},
};

// Those without a column are accepted and change nothing: no call can come
// from them on this family of machines.
constexpr Architecture kArchitectures[] = {
    {"SCMP_ARCH_AARCH64", AUDIT_ARCH_AARCH64, kAarch64, true, false},
    {"SCMP_ARCH_ARM", AUDIT_ARCH_ARM, kArm, false, false},
    {"SCMP_ARCH_MIPS", AUDIT_ARCH_MIPS, -1, false, true},
    {"SCMP_ARCH_MIPS64", AUDIT_ARCH_MIPS64, -1, true, true},
    {"SCMP_ARCH_MIPS64N32", AUDIT_ARCH_MIPS64N32, -1, false, true},
    {"SCMP_ARCH_MIPSEL", AUDIT_ARCH_MIPSEL, -1, false, false},
    {"SCMP_ARCH_MIPSEL64", AUDIT_ARCH_MIPSEL64, -1, true, false},
    {"SCMP_ARCH_MIPSEL64N32", AUDIT_ARCH_MIPSEL64N32, -1, false, false},
    {"SCMP_ARCH_PPC", AUDIT_ARCH_PPC, -1, false, true},
    {"SCMP_ARCH_PPC64", AUDIT_ARCH_PPC64, -1, true, true},
    {"SCMP_ARCH_PPC64LE", AUDIT_ARCH_PPC64LE, -1, true, false},
    {"SCMP_ARCH_RISCV64", AUDIT_ARCH_RISCV64, -1, true, false},
    {"SCMP_ARCH_S390", AUDIT_ARCH_S390, -1, false, true},
    {"SCMP_ARCH_S390X", AUDIT_ARCH_S390X, -1, true, true},
    {"SCMP_ARCH_X32", AUDIT_ARCH_X86_64, kX32, false, false},
    {"SCMP_ARCH_X86", AUDIT_ARCH_I386, kX86, false, false},
    {"SCMP_ARCH_X86_64", AUDIT_ARCH_X86_64, kX8664, true, false},
};

// Linux 5.19; Debian 12's headers are 6.1.
constexpr Flag kFlags[] = {
    {"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
    {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
    {"SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC},
    {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
     SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV},
};

// Strongest first: the order of the kernel's actions by value, as seccomp(2)
// lists them. KILL_PROCESS is the one with the sign bit.
constexpr int32_t Rank(uint32_t action) {
  return static_cast<int32_t>(action & SECCOMP_RET_ACTION_FULL);
}
static_assert(Rank(SECCOMP_RET_KILL_PROCESS) < Rank(SECCOMP_RET_KILL_THREAD));
static_assert(Rank(SECCOMP_RET_ERRNO) < Rank(SECCOMP_RET_USER_NOTIF));
static_assert(Rank(SECCOMP_RET_USER_NOTIF) < Rank(SECCOMP_RET_TRACE));

template <typename Row, size_t kSize>
constexpr bool SortedByName(const Row (&rows)[kSize]) {
  return std::is_sorted(
      std::begin(rows), std::end(rows),
      [](const Row& a, const Row& b) { return a.name < b.name; });
}
static_assert(SortedByName(kActions));
static_assert(SortedByName(kOperators));
static_assert(SortedByName(kArchitectures));
static_assert(SortedByName(kFlags));

template <typename Row, size_t kSize>
const Row* Find(const Row (&rows)[kSize], std::string_view name) {
  const Row* row = std::find_if(
      std::begin(rows), std::end(rows),
      [name](const Row& candidate) { return candidate.name == name; });
  return row == std::end(rows) ? nullptr : row;
}

}  // namespace

absl::Span<const Action> Actions() { return kActions; }
absl::Span<const Operator> Operators() { return kOperators; }
absl::Span<const Architecture> Architectures() { return kArchitectures; }
absl::Span<const Flag> Flags() { return kFlags; }

const Action* FindAction(std::string_view name) { return Find(kActions, name); }
const Operator* FindOperator(std::string_view name) {
  return Find(kOperators, name);
}
const Architecture* FindArchitecture(std::string_view name) {
  return Find(kArchitectures, name);
}
const Flag* FindFlag(std::string_view name) { return Find(kFlags, name); }

uint32_t StrongerAction(uint32_t a, uint32_t b) {
  return Rank(b) < Rank(a) ? b : a;
}

}  // namespace sysbox::seccomp
