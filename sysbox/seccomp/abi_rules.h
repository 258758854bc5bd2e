// The rules of one ABI, by system call number: what libseccomp keeps per
// architecture. Settles which of several rules of one call decides.
#ifndef SYSBOX_SECCOMP_ABI_RULES_H_
#define SYSBOX_SECCOMP_ABI_RULES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "sysbox/seccomp/decision.h"
#include "sysbox/seccomp/syscall_table.h"
#include "sysbox/seccomp/vocabulary.h"

namespace sysbox::seccomp {

// All of them have to hold; none is "always".
using Conditions = std::vector<Condition>;

// Decisions of a filter, each once.
class DecisionPool {
 public:
  int Constant(uint32_t action);
  int Add(Decision decision);  // simplified first
  const Decision& operator[](int index) const { return decisions_[index]; }
  std::vector<Decision> Take() && { return std::move(decisions_); }

 private:
  std::vector<Decision> decisions_;
  std::vector<std::pair<uint32_t, int>> constants_;  // also in decisions_
};

class AbiRules {
 public:
  explicit AbiRules(const Architecture& architecture);

  // Adds a rule for `row`'s call, where this ABI has it. The first rule
  // without conditions beats all others of its call, as in libseccomp. Of
  // rules with conditions, see PrecedesInFilter. False if an earlier rule has
  // the same conditions and another action.
  bool Add(const SyscallRow& row, const Conditions& conditions,
           uint32_t action);
  // Notes that the profile names `row`'s call, whatever it says of it.
  void Mention(const SyscallRow& row);

  // Gives a call the stronger of `action` and what the rules say of it, where
  // `conditions` hold. After the last Add.
  void Override(const SyscallRow& row, const Conditions& conditions,
                uint32_t action);

  // The decisions over all numbers. `beyond`, if any, is the action for
  // numbers above the highest mentioned, if there was one.
  std::vector<NumberRange> Ranges(uint32_t default_action,
                                  std::optional<uint32_t> beyond,
                                  DecisionPool* pool) const;

  const Architecture& architecture() const { return *architecture_; }

 private:
  // What is known of one number. Most calls are a constant action.
  struct Slot {
    uint32_t action = 0;
    int16_t details = -1;   // index in details_
    bool constant = false;  // `action` decides, conditions do not count

    bool operator==(const Slot&) const = default;
  };
  struct Details {
    std::vector<Clause> clauses;
    std::vector<Clause> overrides;
  };
  static constexpr uint32_t kDenseNumbers = 1024;

  Slot& At(uint32_t number) {
    return number < kDenseNumbers ? dense_[number] : sparse_[number];
  }
  Details& DetailsOf(Slot* slot);
  bool AddAt(uint32_t number, const Conditions& conditions, uint32_t action);
  Conditions InThisAbi(const Conditions& conditions) const;
  int Decide(const Slot& slot, uint32_t default_action,
             DecisionPool* pool) const;

  const Architecture* architecture_;
  int64_t newest_ = 0;
  std::vector<Slot> dense_;          // by number
  std::map<uint32_t, Slot> sparse_;  // ARM's private calls
  std::vector<Details> details_;
};

// Whether a clause with conditions `a` is tried before one with `b`:
// libseccomp's order (found by experiment with 2.5.4), in which the narrower
// of two overlapping rules comes first. By argument; masked, then (in)equality,
// then upper bounds from the lowest, then lower bounds from the highest.
bool PrecedesInFilter(const Conditions& a, const Conditions& b);

}  // namespace sysbox::seccomp

#endif  // SYSBOX_SECCOMP_ABI_RULES_H_
