#include "sysbox/seccomp/abi_rules.h"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace sysbox::seccomp {
namespace {

constexpr uint64_t kLowWord = 0xffffffff;

// Sorts conditions on one argument; the smaller key is tried first.
auto FilterOrder(const Condition& c) {
  switch (c.compare) {
    case Compare::kMaskedEq:
      return std::tuple(c.argument, 0, ~(c.value & c.mask));
    case Compare::kEq:
    case Compare::kNe:
      return std::tuple(c.argument, 1, ~c.value);
    case Compare::kLt:
    case Compare::kLe:
      return std::tuple(c.argument, 2, c.value);
    case Compare::kGe:
    case Compare::kGt:
      break;
  }
  return std::tuple(c.argument, 3, ~c.value);
}

// `decision` where `condition` does not hold; where it does, the stronger of
// that and `action`.
Decision Strengthen(const Decision& decision, const Conditions& condition,
                    uint32_t action) {
  Decision result;
  result.otherwise = decision.otherwise;
  for (const Clause& clause : decision.clauses) {
    Clause both = clause;
    both.conditions.insert(both.conditions.begin(), condition.begin(),
                           condition.end());
    both.action = StrongerAction(clause.action, action);
    result.clauses.push_back(std::move(both));
  }
  result.clauses.push_back(
      {condition, StrongerAction(decision.otherwise, action)});
  result.clauses.insert(result.clauses.end(), decision.clauses.begin(),
                        decision.clauses.end());
  return result;
}

// Drops what changes nothing.
void Simplify(Decision* decision) {
  std::vector<Clause>& clauses = decision->clauses;
  const auto always = std::find_if(
      clauses.begin(), clauses.end(),
      [](const Clause& clause) { return clause.conditions.empty(); });
  if (always != clauses.end()) {
    decision->otherwise = always->action;
    clauses.erase(always, clauses.end());
  }
  while (!clauses.empty() && clauses.back().action == decision->otherwise) {
    clauses.pop_back();
  }
}

void AppendRange(uint32_t first, int decision,
                 std::vector<NumberRange>* ranges) {
  if (ranges->back().decision == decision) return;
  ranges->push_back({first, decision});
}

}  // namespace

bool PrecedesInFilter(const Conditions& a, const Conditions& b) {
  for (size_t i = 0; i < a.size() && i < b.size(); ++i) {
    const auto x = FilterOrder(a[i]);
    const auto y = FilterOrder(b[i]);
    if (x != y) return x < y;
  }
  return a.size() > b.size();
}

int DecisionPool::Constant(uint32_t action) {
  for (const auto& [known, index] : constants_) {
    if (known == action) return index;
  }
  decisions_.push_back({{}, action});
  constants_.emplace_back(action, static_cast<int>(decisions_.size()) - 1);
  return constants_.back().second;
}

int DecisionPool::Add(Decision decision) {
  Simplify(&decision);
  if (decision.clauses.empty()) return Constant(decision.otherwise);
  const auto known = std::find(decisions_.begin(), decisions_.end(), decision);
  if (known == decisions_.end()) {
    decisions_.push_back(std::move(decision));
    return static_cast<int>(decisions_.size()) - 1;
  }
  return static_cast<int>(known - decisions_.begin());
}

AbiRules::AbiRules(const Architecture& architecture)
    : architecture_(&architecture), dense_(kDenseNumbers) {}

AbiRules::Details& AbiRules::DetailsOf(Slot* slot) {
  if (slot->details < 0) {
    slot->details = static_cast<int16_t>(details_.size());
    details_.emplace_back();
  }
  return details_[slot->details];
}

// A 32-bit ABI has the low words only; libseccomp cuts values to them. A mask
// without bits says nothing.
Conditions AbiRules::InThisAbi(const Conditions& conditions) const {
  if (conditions.empty()) return {};
  Conditions result = conditions;
  for (Condition& c : result) {
    const bool masked = c.compare == Compare::kMaskedEq;
    c.wide = c.wide && architecture_->wide && !(masked && c.mask <= kLowWord);
    if (masked) c.value &= c.mask;
    if (c.wide) continue;
    c.value &= kLowWord;
    c.mask &= kLowWord;
  }
  std::erase_if(result, [](const Condition& c) {
    return c.compare == Compare::kMaskedEq && c.mask == 0;
  });
  std::stable_sort(result.begin(), result.end(),
                   [](const Condition& a, const Condition& b) {
                     return a.argument < b.argument;
                   });
  return result;
}

bool AbiRules::AddAt(uint32_t number, const Conditions& conditions,
                     uint32_t action) {
  Slot& slot = At(number);
  if (slot.constant) return true;
  if (conditions.empty()) {
    slot.constant = true;
    slot.action = action;
    return true;
  }
  std::vector<Clause>& clauses = DetailsOf(&slot).clauses;
  for (const Clause& clause : clauses) {
    if (clause.conditions == conditions) return clause.action == action;
  }
  clauses.push_back({conditions, action});
  return true;
}

bool AbiRules::Add(const SyscallRow& row, const Conditions& conditions,
                   uint32_t action) {
  const bool is_x86 = architecture_->column == kX86;
  const Conditions own = InThisAbi(conditions);
  bool consistent = true;
  if (is_x86 && row.x86_multiplexer >= 0) {
    // As libseccomp: the call's first argument gives way to the multiplexer's.
    Conditions call = {
        {.argument = 0, .value = static_cast<uint64_t>(row.x86_call)}};
    std::copy_if(own.begin(), own.end(), std::back_inserter(call),
                 [](const Condition& c) { return c.argument != 0; });
    // Same call, other first argument: the first rule stays.
    (void)AddAt(row.x86_multiplexer, call, action);
  }
  const int32_t number = row.number[architecture_->column];
  if (number >= 0) consistent = AddAt(number, own, action);
  return consistent;
}

void AbiRules::Mention(const SyscallRow& row) {
  // runc asks libseccomp, which has pseudo numbers for multiplexed calls.
  if (architecture_->column == kX86 && row.x86_multiplexer >= 0) return;
  newest_ = std::max<int64_t>(newest_, row.number[architecture_->column]);
}

void AbiRules::Override(const SyscallRow& row, const Conditions& conditions,
                        uint32_t action) {
  const Conditions own = InThisAbi(conditions);
  if (architecture_->column == kX86 && row.x86_multiplexer >= 0) {
    // A multiplexer's arguments lie in memory, out of a filter's sight.
    const Condition call = {.value = static_cast<uint64_t>(row.x86_call)};
    DetailsOf(&At(row.x86_multiplexer)).overrides.push_back({{call}, action});
  }
  const int32_t number = row.number[architecture_->column];
  if (number < 0) return;
  DetailsOf(&At(number)).overrides.push_back({own, action});
}

int AbiRules::Decide(const Slot& slot, uint32_t default_action,
                     DecisionPool* pool) const {
  const uint32_t otherwise = slot.constant ? slot.action : default_action;
  if (slot.details < 0) return pool->Constant(otherwise);
  const Details& details = details_[slot.details];
  Decision decision = {{}, otherwise};
  if (!slot.constant) decision.clauses = details.clauses;
  std::stable_sort(decision.clauses.begin(), decision.clauses.end(),
                   [](const Clause& a, const Clause& b) {
                     return PrecedesInFilter(a.conditions, b.conditions);
                   });
  for (const Clause& o : details.overrides) {
    decision = Strengthen(decision, o.conditions, o.action);
  }
  return pool->Add(std::move(decision));
}

std::vector<NumberRange> AbiRules::Ranges(uint32_t default_action,
                                          std::optional<uint32_t> beyond,
                                          DecisionPool* pool) const {
  const bool ends = beyond.has_value() && newest_ > 0;
  const int64_t end = ends ? newest_ + 1 : int64_t{1} << 32;
  const int other = pool->Constant(default_action);
  std::vector<NumberRange> ranges;
  ranges.reserve(kDenseNumbers / 4);
  ranges.push_back({0, Decide(dense_[0], default_action, pool)});
  for (uint32_t number = 1; number < kDenseNumbers && number < end; ++number) {
    const Slot& slot = dense_[number];
    if (slot == dense_[number - 1]) continue;  // most are
    AppendRange(number, Decide(slot, default_action, pool), &ranges);
  }
  if (end > kDenseNumbers) AppendRange(kDenseNumbers, other, &ranges);
  for (const auto& [number, slot] : sparse_) {
    if (number >= end) break;
    AppendRange(number, Decide(slot, default_action, pool), &ranges);
    AppendRange(number + 1, other, &ranges);
  }
  if (ends) {
    AppendRange(static_cast<uint32_t>(end), pool->Constant(*beyond), &ranges);
  }
  return ranges;
}

}  // namespace sysbox::seccomp
