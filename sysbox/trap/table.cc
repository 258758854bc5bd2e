#include "sysbox/trap/table.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <iterator>

#include "absl/container/flat_hash_map.h"
#include "sysbox/seccomp/syscall_table.h"

namespace sysbox::trap {
namespace {

using seccomp::Compare;
using seccomp::Condition;

// Of mode_t and dev_t arguments the kernel takes 32 bits.
constexpr Condition TypeIs(uint8_t argument, mode_t type) {
  return {.argument = argument,
          .compare = Compare::kMaskedEq,
          .value = type,
          .mask = S_IFMT};
}
// A whiteout (0:0) is anybody's to make (Linux 5.8).
constexpr Condition NotZero(uint8_t argument) {
  return {.argument = argument, .compare = Compare::kNe, .value = 0};
}
constexpr Condition kCharAt1[] = {TypeIs(1, S_IFCHR), NotZero(2)};
constexpr Condition kCharAt2[] = {TypeIs(2, S_IFCHR), NotZero(3)};

// mount(2)'s flags: a new mount, with the old marker in the high word or
// without; a remount; a bind of one mount alone. Moves, changes of propagation
// and recursive binds take what lies on a mount along by themselves.
constexpr uint64_t kMarker = 0xc0ed0000;
constexpr uint64_t kHighWord = 0xffff0000;
constexpr uint64_t kChanges = MS_REMOUNT | MS_BIND | MS_MOVE;
constexpr uint64_t kPropagation =
    MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE;
constexpr Condition Flags(uint8_t argument, uint64_t mask, uint64_t value) {
  return {.argument = argument,
          .compare = Compare::kMaskedEq,
          .value = value,
          .mask = mask};
}
constexpr Condition kNewMount[] = {Flags(3, kChanges | kPropagation, 0)};
constexpr Condition kNewMarkedMount[] = {
    Flags(3, kHighWord | kChanges, kMarker)};
constexpr Condition kRemount[] = {Flags(3, MS_REMOUNT, MS_REMOUNT)};
constexpr Condition kBindOne[] = {
    Flags(3, MS_REMOUNT | MS_BIND | MS_REC, MS_BIND)};
// What is said of all mounts below is said of what lies there, too.
constexpr Condition kOneAlone[] = {Flags(2, AT_RECURSIVE, 0)};
constexpr Condition kWholeFd[] = {
    Flags(4, MOVE_MOUNT_F_EMPTY_PATH, MOVE_MOUNT_F_EMPTY_PATH)};
constexpr Condition kNotLazily[] = {Flags(1, MNT_DETACH | MNT_EXPIRE, 0)};

constexpr bool TrapOptions::*kSystem = &TrapOptions::syscont_mode;
constexpr bool TrapOptions::*kSysfsChown = &TrapOptions::ignore_sysfs_chown;
constexpr bool TrapOptions::*kTrustedXattr = &TrapOptions::allow_trusted_xattr;
constexpr bool TrapOptions::*kAllowedMounts = &TrapOptions::allow_mounts;
constexpr bool TrapOptions::*kCpuQuota = &TrapOptions::cpu_quota;
constexpr bool kAnswered = true;
constexpr bool kMayWait = true;

constexpr TableRow kTable[] = {
    {"chown", Family::kChown, {}, kSysfsChown, false, kMayWait},
    {"chown32", Family::kChown, {}, kSysfsChown, false, kMayWait},
    {"fchown", Family::kChown, {}, kSysfsChown, false, kMayWait},
    {"fchown32", Family::kChown, {}, kSysfsChown, false, kMayWait},
    {"fchownat", Family::kChown, {}, kSysfsChown, false, kMayWait},
    {"fgetxattr", Family::kXattr, {}, kTrustedXattr, false, kMayWait},
    {"finit_module", Family::kLoadModule, {}, kSystem, kAnswered, false},
    {"fremovexattr", Family::kXattr, {}, kTrustedXattr, false, kMayWait},
    {"fsetxattr", Family::kXattr, {}, kTrustedXattr, false, kMayWait},
    {"fsopen", Family::kFsOpen, {}, kAllowedMounts, false, false},
    {"getxattr", Family::kXattr, {}, kTrustedXattr, false, kMayWait},
    {"init_module", Family::kLoadModule, {}, kSystem, kAnswered, false},
    {"lchown", Family::kChown, {}, kSysfsChown, false, kMayWait},
    {"lchown32", Family::kChown, {}, kSysfsChown, false, kMayWait},
    {"lgetxattr", Family::kXattr, {}, kTrustedXattr, false, kMayWait},
    {"lremovexattr", Family::kXattr, {}, kTrustedXattr, false, kMayWait},
    {"lsetxattr", Family::kXattr, {}, kTrustedXattr, false, kMayWait},
    {"mknod", Family::kMakeNode, kCharAt1, kSystem, false, kMayWait},
    {"mknodat", Family::kMakeNode, kCharAt2, kSystem, false, kMayWait},
    {"mount", Family::kMount, kNewMount, nullptr, false, kMayWait},
    {"mount", Family::kMount, kNewMarkedMount, nullptr, false, kMayWait},
    {"mount", Family::kMount, kRemount, nullptr, false, kMayWait},
    {"mount", Family::kMount, kBindOne, nullptr, false, kMayWait},
    {"mount_setattr", Family::kMountSetattr, kOneAlone, nullptr, false,
     kMayWait},
    {"move_mount", Family::kMoveMount, kWholeFd, nullptr, false, kMayWait},
    {"removexattr", Family::kXattr, {}, kTrustedXattr, false, kMayWait},
    {"sched_getaffinity", Family::kAffinity, {}, kCpuQuota, false, false},
    {"setxattr", Family::kXattr, {}, kTrustedXattr, false, kMayWait},
    {"swapoff", Family::kSwapOff, {}, kSystem, kAnswered, false},
    {"sysinfo", Family::kSysinfo, {}, kSystem, kAnswered, false},
    {"syslog", Family::kSyslog, {}, kSystem, kAnswered, false},
    // i386's, without flags.
    {"umount", Family::kUnmount, {}, nullptr, false, kMayWait},
    {"umount2", Family::kUnmount, kNotLazily, nullptr, false, kMayWait},
};

constexpr bool ByName(const TableRow& a, const TableRow& b) {
  return a.name < b.name;
}
static_assert(std::is_sorted(std::begin(kTable), std::end(kTable), ByName));

// Alternatives of one call differ in nothing but their conditions.
constexpr bool AlternativesAgree() {
  for (size_t i = 1; i < std::size(kTable); ++i) {
    const TableRow& a = kTable[i - 1];
    const TableRow& b = kTable[i];
    if (a.name != b.name) continue;
    if (a.family != b.family || a.answered != b.answered ||
        a.may_wait != b.may_wait) {
      return false;
    }
  }
  return true;
}
static_assert(AlternativesAgree());

struct AbiOf {
  uint32_t audit_arch;
  seccomp::AbiColumn column;
  uint32_t bit;
};
constexpr AbiOf kAbis[] = {
    {AUDIT_ARCH_X86_64, seccomp::kX8664, 0},
    {AUDIT_ARCH_I386, seccomp::kX86, 0},
    {AUDIT_ARCH_X86_64, seccomp::kX32, 0x40000000},
    {AUDIT_ARCH_AARCH64, seccomp::kAarch64, 0},
    {AUDIT_ARCH_ARM, seccomp::kArm, 0},
};

using NumberIndex = absl::flat_hash_map<uint64_t, const TableRow*>;

uint64_t Key(uint32_t audit_arch, uint32_t number) {
  return uint64_t{audit_arch} << 32 | number;
}

NumberIndex MakeIndex() {
  NumberIndex index;
  for (const TableRow& row : kTable) {
    const seccomp::SyscallRow* call = seccomp::FindSyscall(row.name);
    if (call == nullptr) continue;  // table_test sees to it
    for (const AbiOf& abi : kAbis) {
      const int32_t number = call->number[abi.column];
      if (number < 0) continue;
      index[Key(abi.audit_arch, static_cast<uint32_t>(number) | abi.bit)] =
          &row;
    }
  }
  return index;
}

bool Has(const TrapOptions& options, const TableRow& row) {
  return row.option == nullptr || options.*row.option;
}

}  // namespace

absl::Span<const TableRow> Table() { return kTable; }

std::vector<seccomp::Override> Overrides(const TrapOptions& options) {
  std::vector<seccomp::Override> overrides;
  for (const TableRow& row : kTable) {
    if (!Has(options, row)) continue;
    overrides.push_back({row.name, SECCOMP_RET_USER_NOTIF, row.conditions});
  }
  return overrides;
}

std::vector<std::string_view> AnsweredSyscalls(const TrapOptions& options) {
  std::vector<std::string_view> names;
  for (const TableRow& row : kTable) {
    if (Has(options, row) && row.answered) names.push_back(row.name);
  }
  return names;
}

std::vector<std::string_view> TrappedNames() {
  std::vector<std::string_view> names;
  for (const TableRow& row : kTable) {
    if (names.empty() || names.back() != row.name) names.push_back(row.name);
  }
  return names;
}

const TableRow* FindRow(uint32_t audit_arch, int number) {
  static const auto* const index = new NumberIndex(MakeIndex());
  const auto found =
      index->find(Key(audit_arch, static_cast<uint32_t>(number)));
  return found == index->end() ? nullptr : found->second;
}

}  // namespace sysbox::trap
