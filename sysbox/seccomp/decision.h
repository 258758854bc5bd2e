// What a filter decides about one system call, and the whole filter as such
// decisions over ranges of numbers. Plain data between the reading of a
// profile (rules.h) and the writing of a program (assemble.h).
#ifndef SYSBOX_SECCOMP_DECISION_H_
#define SYSBOX_SECCOMP_DECISION_H_

#include <cstdint>
#include <vector>

namespace sysbox::seccomp {

// In the order libseccomp numbers them.
enum class Compare : uint8_t { kNe = 1, kLt, kLe, kEq, kGe, kGt, kMaskedEq };

// (argument [& mask]) compare value.
struct Condition {
  uint8_t argument = 0;  // 0 to 5
  Compare compare = Compare::kEq;
  bool wide = false;  // all 64 bits; else the low 32 only
  uint64_t value = 0;
  uint64_t mask = 0;  // of kMaskedEq

  bool operator==(const Condition&) const = default;
};

// If all conditions hold: `action`, a SECCOMP_RET_* with its data.
struct Clause {
  std::vector<Condition> conditions;
  uint32_t action = 0;

  bool operator==(const Clause&) const = default;
};

// The first clause that holds decides, else `otherwise`.
struct Decision {
  std::vector<Clause> clauses;
  uint32_t otherwise = 0;

  bool operator==(const Decision&) const = default;
};

// Numbers from `first` up to the next range. `decision` is an index into
// Filter::decisions or, in x32_ranges, kSameAsX8664.
struct NumberRange {
  uint32_t first = 0;
  int decision = 0;
};

inline constexpr uint32_t kX32Bit = 0x40000000;
// The decision of the number without kX32Bit.
inline constexpr int kSameAsX8664 = -1;

struct ArchFilter {
  uint32_t audit_arch = 0;  // AUDIT_ARCH_*
  // Sorted, the first one's `first` is 0. With x32_ranges, numbers below
  // kX32Bit only; x32_ranges start there and cover the rest.
  std::vector<NumberRange> ranges;
  std::vector<NumberRange> x32_ranges;
};

struct Filter {
  std::vector<Decision> decisions;
  std::vector<ArchFilter> archs;  // tested in this order
  uint32_t other_arch = 0;        // action for any other architecture
};

}  // namespace sysbox::seccomp

#endif  // SYSBOX_SECCOMP_DECISION_H_
