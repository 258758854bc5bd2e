#include "sysbox/seccomp/assemble.h"

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <bit>
#include <cstddef>

#include "absl/types/span.h"
#include "sysbox/seccomp/bpf_writer.h"

namespace sysbox::seccomp {
namespace {

using Label = BpfWriter::Label;

static_assert(std::endian::native == std::endian::little);

uint32_t LowWord(uint8_t argument) {
  return offsetof(seccomp_data, args) + 8 * argument;
}
uint32_t HighWord(uint8_t argument) { return LowWord(argument) + 4; }
uint32_t Low(uint64_t value) { return static_cast<uint32_t>(value); }
uint32_t High(uint64_t value) { return static_cast<uint32_t>(value >> 32); }

// How each comparison becomes one of BPF's two orders or equality.
struct JumpForm {
  uint16_t code;
  bool inverted;
};
constexpr JumpForm kJumpForms[] = {
    {0, false},       {BPF_JEQ, true},  // kNe
    {BPF_JGE, true},                    // kLt
    {BPF_JGT, true},                    // kLe
    {BPF_JEQ, false},                   // kEq
    {BPF_JGE, false},                   // kGe
    {BPF_JGT, false},                   // kGt
};

class Assembler {
 public:
  explicit Assembler(const Filter& filter) : filter_(filter) {}

  std::vector<uint64_t> Run();

 private:
  Label WriteArch(const ArchFilter& arch);
  Label WriteSearch(absl::Span<const NumberRange> ranges);
  Label WriteDecision(int decision);
  Label WriteClauses(const Decision& decision);
  Label WriteEqualGroup(absl::Span<const Clause> group, Label otherwise);
  Label WriteCondition(const Condition& condition, Label yes, Label no);
  Label WriteMasked(const Condition& condition, Label yes, Label no);
  Label WriteMaskedWord(uint32_t offset, uint32_t mask, uint32_t value,
                        Label yes, Label no);

  const Filter& filter_;
  BpfWriter out_;
  std::vector<std::pair<int, Label>> blocks_;  // decisions already written
  Label without_x32_bit_ = 0;                  // where kSameAsX8664 goes
};

// Clauses of one EQ on the same argument share the loads.
bool IsPlainEqual(const Clause& clause) {
  return clause.conditions.size() == 1 &&
         clause.conditions[0].compare == Compare::kEq;
}
bool SameGroup(const Clause& a, const Clause& b) {
  const Condition& x = a.conditions[0];
  const Condition& y = b.conditions[0];
  return x.argument == y.argument && x.wide == y.wide &&
         (!x.wide || High(x.value) == High(y.value));
}

Label Assembler::WriteMaskedWord(uint32_t offset, uint32_t mask, uint32_t value,
                                 Label yes, Label no) {
  if (mask == 0) return yes;
  const Label jump = value == 0 ? out_.Jump(BPF_JSET, mask, no, yes)
                                : out_.Jump(BPF_JEQ, value, yes, no);
  const bool whole = value == 0 || mask == ~uint32_t{0};
  return out_.Load(offset, whole ? jump : out_.And(mask, jump));
}

// libseccomp, too, ignores bits of the value outside the mask.
Label Assembler::WriteMasked(const Condition& c, Label yes, Label no) {
  const uint64_t value = c.value & c.mask;
  const Label low =
      WriteMaskedWord(LowWord(c.argument), Low(c.mask), Low(value), yes, no);
  if (!c.wide) return low;
  return WriteMaskedWord(HighWord(c.argument), High(c.mask), High(value), low,
                         no);
}

Label Assembler::WriteCondition(const Condition& c, Label yes, Label no) {
  if (c.compare == Compare::kMaskedEq) return WriteMasked(c, yes, no);
  const JumpForm form = kJumpForms[static_cast<size_t>(c.compare)];
  if (form.inverted) std::swap(yes, no);
  const Label low = out_.Load(LowWord(c.argument),
                              out_.Jump(form.code, Low(c.value), yes, no));
  if (!c.wide) return low;
  const uint32_t high = High(c.value);
  Label jump = out_.Jump(BPF_JEQ, high, low, no);
  if (form.code != BPF_JEQ) jump = out_.Jump(BPF_JGT, high, yes, jump);
  return out_.Load(HighWord(c.argument), jump);
}

Label Assembler::WriteEqualGroup(absl::Span<const Clause> group,
                                 Label otherwise) {
  const Condition& first = group[0].conditions[0];
  Label next = otherwise;
  for (size_t i = group.size(); i-- > 0;) {
    next = out_.Jump(BPF_JEQ, Low(group[i].conditions[0].value),
                     out_.Return(group[i].action), next);
  }
  next = out_.Load(LowWord(first.argument), next);
  if (!first.wide) return next;
  return out_.Load(HighWord(first.argument),
                   out_.Jump(BPF_JEQ, High(first.value), next, otherwise));
}

Label Assembler::WriteClauses(const Decision& decision) {
  Label next = out_.Return(decision.otherwise);
  const absl::Span<const Clause> clauses = decision.clauses;
  for (size_t end = clauses.size(); end > 0;) {
    size_t begin = end - 1;
    if (IsPlainEqual(clauses[begin])) {
      while (begin > 0 && IsPlainEqual(clauses[begin - 1]) &&
             SameGroup(clauses[begin - 1], clauses[begin])) {
        --begin;
      }
      next = WriteEqualGroup(clauses.subspan(begin, end - begin), next);
    } else {
      Label yes = out_.Return(clauses[begin].action);
      const std::vector<Condition>& conditions = clauses[begin].conditions;
      for (size_t i = conditions.size(); i-- > 0;) {
        yes = WriteCondition(conditions[i], yes, next);
      }
      next = yes;
    }
    end = begin;
  }
  return next;
}

Label Assembler::WriteDecision(int decision) {
  if (decision == kSameAsX8664) return without_x32_bit_;
  const Decision& d = filter_.decisions[decision];
  if (d.clauses.empty()) return out_.Return(d.otherwise);
  for (const auto& [known, label] : blocks_) {
    if (known == decision) return label;
  }
  const Label label = WriteClauses(d);
  blocks_.emplace_back(decision, label);
  return label;
}

// Balanced, one JGE per step; a single number amid a wider range is one JEQ.
Label Assembler::WriteSearch(absl::Span<const NumberRange> ranges) {
  if (ranges.size() == 1) return WriteDecision(ranges[0].decision);
  if (ranges.size() == 3 && ranges[0].decision == ranges[2].decision &&
      ranges[1].first + 1 == ranges[2].first) {
    const Label around = WriteDecision(ranges[0].decision);
    const Label at = WriteDecision(ranges[1].decision);
    return out_.Jump(BPF_JEQ, ranges[1].first, at, around);
  }
  const size_t middle = ranges.size() / 2;
  const Label above = WriteSearch(ranges.subspan(middle));
  const Label below = WriteSearch(ranges.subspan(0, middle));
  return out_.Jump(BPF_JGE, ranges[middle].first, above, below);
}

Label Assembler::WriteArch(const ArchFilter& arch) {
  Label root = WriteSearch(arch.ranges);
  if (!arch.x32_ranges.empty()) {
    const bool shared = std::any_of(
        arch.x32_ranges.begin(), arch.x32_ranges.end(),
        [](const NumberRange& r) { return r.decision == kSameAsX8664; });
    if (shared) without_x32_bit_ = out_.And(~kX32Bit, root);
    const Label x32 = WriteSearch(arch.x32_ranges);
    root = out_.Jump(BPF_JGE, kX32Bit, x32, root);
  }
  return out_.Load(offsetof(seccomp_data, nr), root);
}

std::vector<uint64_t> Assembler::Run() {
  std::vector<Label> roots;
  roots.reserve(filter_.archs.size());
  for (const ArchFilter& arch : filter_.archs) {
    roots.push_back(WriteArch(arch));
  }
  Label next = out_.Return(filter_.other_arch);
  for (size_t i = filter_.archs.size(); i-- > 0;) {
    next = out_.Jump(BPF_JEQ, filter_.archs[i].audit_arch, roots[i], next);
  }
  return out_.Finish(out_.Load(offsetof(seccomp_data, arch), next));
}

}  // namespace

std::vector<uint64_t> AssembleFilter(const Filter& filter) {
  return Assembler(filter).Run();
}

}  // namespace sysbox::seccomp
