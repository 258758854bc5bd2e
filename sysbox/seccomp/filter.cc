#include "sysbox/seccomp/filter.h"

#include <linux/seccomp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include "sysbox/base/status.h"
#include "sysbox/seccomp/abi_rules.h"
#include "sysbox/seccomp/syscall_table.h"
#include "sysbox/seccomp/vocabulary.h"

namespace sysbox::seccomp {
namespace {

constexpr uint32_t kArguments = 6;
constexpr uint32_t kMaxErrno = 4095;        // the kernel cuts larger ones
constexpr uint32_t kMaxTraceData = 0xffff;  // SECCOMP_RET_DATA

struct RuleAction {
  const Action* action = nullptr;
  uint32_t value = 0;  // SECCOMP_RET_* with data
};

absl::StatusOr<RuleAction> ParseAction(const std::string& name,
                                       const std::optional<uint32_t>& errno_ret,
                                       const std::string& field,
                                       std::string_view action_key,
                                       std::string_view errno_key) {
  const Action* action = FindAction(name);
  if (action == nullptr) {
    return InvalidArgument("{}.{}: unknown value \"{}\"", field, action_key,
                           name);
  }
  if (!action->takes_errno) {
    // "The runtime MUST generate an error", config-linux.md.
    if (errno_ret.has_value()) {
      return InvalidArgument("{}.{}: {} takes no errno", field, errno_key,
                             name);
    }
    return RuleAction{action, action->value};
  }
  const uint32_t data = errno_ret.value_or(EPERM);
  const uint32_t limit =
      action->value == SECCOMP_RET_ERRNO ? kMaxErrno : kMaxTraceData;
  if (data > limit) {
    return InvalidArgument("{}.{}: {} is above {}", field, errno_key, data,
                           limit);
  }
  return RuleAction{action, action->value | data};
}

absl::StatusOr<Condition> ParseCondition(const oci::SyscallArg& arg,
                                         const std::string& field) {
  const Operator* op = FindOperator(arg.op);
  if (op == nullptr) {
    return InvalidArgument("{}.op: unknown value \"{}\"", field, arg.op);
  }
  if (arg.index >= kArguments) {
    return InvalidArgument("{}.index: {} is above {}", field, arg.index,
                           kArguments - 1);
  }
  Condition condition = {.argument = static_cast<uint8_t>(arg.index),
                         .compare = op->compare,
                         .wide = true,
                         .value = arg.value};
  if (op->compare == Compare::kMaskedEq) {
    condition.mask = arg.value;
    condition.value = arg.value_two;
  }
  return condition;
}

// The alternatives of a rule: one, all of whose conditions have to hold. Two
// conditions on one argument make an alternative of each condition (runc).
absl::StatusOr<std::vector<Conditions>> ParseConditions(
    const oci::SyscallRule& rule, const std::string& field) {
  std::vector<Conditions> alternatives(1);
  std::array<int, kArguments> uses = {};
  for (size_t i = 0; i < rule.args.size(); ++i) {
    SYSBOX_ASSIGN_OR_RETURN(
        Condition condition,
        ParseCondition(rule.args[i], fmt::format("{}.args[{}]", field, i)));
    ++uses[condition.argument];
    alternatives[0].push_back(condition);
  }
  if (*std::max_element(uses.begin(), uses.end()) < 2) return alternatives;
  const Conditions all = std::move(alternatives[0]);
  alternatives.clear();
  for (const Condition& condition : all) alternatives.push_back({condition});
  return alternatives;
}

class FilterBuilder {
 public:
  FilterBuilder(const oci::Seccomp& profile, const std::string& field,
                Family family)
      : profile_(profile), field_(field), family_(family) {}

  absl::Status ReadProfile();
  absl::Status AddOverrides(absl::Span<const Override> overrides);
  Filter Layout();

 private:
  absl::Status ReadArchitectures();
  absl::Status ReadRule(const oci::SyscallRule& rule, const std::string& field);
  absl::Status CheckNotify(const oci::SyscallRule& rule,
                           const std::string& field) const;
  absl::Status AddRule(const SyscallRow& row,
                       const std::vector<Conditions>& alternatives,
                       uint32_t action, const std::string& field);
  void AddAbi(const Architecture& architecture);
  const AbiRules* Abi(int column) const;
  std::optional<uint32_t> Beyond() const;
  void AddX32Ranges(ArchFilter* arch);

  const oci::Seccomp& profile_;
  const std::string& field_;
  const Family family_;
  RuleAction default_;
  std::vector<AbiRules> abis_;
  DecisionPool pool_;
};

void FilterBuilder::AddAbi(const Architecture& architecture) {
  if (Abi(architecture.column) != nullptr) return;
  abis_.emplace_back(architecture);
}

const AbiRules* FilterBuilder::Abi(int column) const {
  for (const AbiRules& abi : abis_) {
    if (abi.architecture().column == column) return &abi;
  }
  return nullptr;
}

// For calls newer than all the profile names: programs that try one want to
// hear that it does not exist, and fall back (runc 1.0.0-rc93).
std::optional<uint32_t> FilterBuilder::Beyond() const {
  if (default_.action->permits) return std::nullopt;
  return SECCOMP_RET_ERRNO | ENOSYS;
}

// The native ABI is always in the filter, listed or not (libseccomp).
absl::Status FilterBuilder::ReadArchitectures() {
  abis_.reserve(family_.size());
  AddAbi(*FindArchitecture(family_[0]));
  for (size_t i = 0; i < profile_.architectures.size(); ++i) {
    const std::string& name = profile_.architectures[i];
    const Architecture* architecture = FindArchitecture(name);
    if (architecture == nullptr) {
      return InvalidArgument("{}.architectures[{}]: unknown value \"{}\"",
                             field_, i, name);
    }
    if (architecture->big_endian) {
      return InvalidArgument(
          "{}.architectures[{}]: {} is big-endian, this machine is not", field_,
          i, name);
    }
    if (std::find(family_.begin(), family_.end(), name) != family_.end()) {
      AddAbi(*architecture);
    }
  }
  return absl::OkStatus();
}

absl::Status FilterBuilder::CheckNotify(const oci::SyscallRule& rule,
                                        const std::string& field) const {
  if (profile_.listener_path.empty()) {
    return InvalidArgument("{}.action: {} needs {}.listenerPath", field,
                           rule.action, field_);
  }
  // The listener's descriptor could not be handed over any more (runc).
  const auto write = std::find(rule.names.begin(), rule.names.end(), "write");
  if (write != rule.names.end()) {
    return InvalidArgument("{}.names[{}]: {} cannot be used for write", field,
                           write - rule.names.begin(), rule.action);
  }
  return absl::OkStatus();
}

absl::Status FilterBuilder::AddRule(const SyscallRow& row,
                                    const std::vector<Conditions>& alternatives,
                                    uint32_t action, const std::string& field) {
  for (AbiRules& abi : abis_) {
    for (const Conditions& conditions : alternatives) {
      if (abi.Add(row, conditions, action)) continue;
      return InvalidArgument(
          "{}: {}: another rule has the same args and a different action",
          field, row.name);
    }
  }
  return absl::OkStatus();
}

absl::Status FilterBuilder::ReadRule(const oci::SyscallRule& rule,
                                     const std::string& field) {
  SYSBOX_ASSIGN_OR_RETURN(
      const RuleAction action,
      ParseAction(rule.action, rule.errno_ret, field, "action", "errnoRet"));
  if (action.value == SECCOMP_RET_USER_NOTIF) {
    SYSBOX_RETURN_IF_ERROR(CheckNotify(rule, field));
  }
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<Conditions> alternatives,
                          ParseConditions(rule, field));
  for (size_t i = 0; i < rule.names.size(); ++i) {
    if (rule.names[i].empty()) {
      return InvalidArgument("{}.names[{}]: empty", field, i);
    }
    const SyscallRow* row = FindSyscall(rule.names[i]);
    if (row == nullptr) continue;  // newer than this build, or not Linux's
    for (AbiRules& abi : abis_) abi.Mention(*row);
    if (action.value == default_.value) continue;  // says nothing new (runc)
    SYSBOX_RETURN_IF_ERROR(AddRule(*row, alternatives, action.value, field));
  }
  return absl::OkStatus();
}

absl::Status FilterBuilder::ReadProfile() {
  SYSBOX_ASSIGN_OR_RETURN(
      default_, ParseAction(profile_.default_action, profile_.default_errno_ret,
                            field_, "defaultAction", "defaultErrnoRet"));
  if (default_.value == SECCOMP_RET_USER_NOTIF) {
    return InvalidArgument("{}.defaultAction: {} cannot be the default", field_,
                           profile_.default_action);
  }
  SYSBOX_RETURN_IF_ERROR(ReadArchitectures());
  for (size_t i = 0; i < profile_.syscalls.size(); ++i) {
    SYSBOX_RETURN_IF_ERROR(ReadRule(profile_.syscalls[i],
                                    fmt::format("{}.syscalls[{}]", field_, i)));
  }
  return absl::OkStatus();
}

absl::Status FilterBuilder::AddOverrides(absl::Span<const Override> overrides) {
  for (const Override& o : overrides) {
    const SyscallRow* row = FindSyscall(o.name);
    if (row == nullptr) return NotFound("override: no call \"{}\"", o.name);
    const Conditions conditions(o.conditions.begin(), o.conditions.end());
    for (AbiRules& abi : abis_) abi.Override(*row, conditions, o.action);
  }
  return absl::OkStatus();
}

int DecisionAt(const std::vector<NumberRange>& ranges, uint32_t number) {
  const auto after = std::upper_bound(
      ranges.begin(), ranges.end(), number,
      [](uint32_t n, const NumberRange& range) { return n < range.first; });
  return std::prev(after)->decision;
}

void Append(uint32_t first, int decision, std::vector<NumberRange>* ranges) {
  if (!ranges->empty() && ranges->back().decision == decision) return;
  ranges->push_back({first, decision});
}

// Numbers with kX32Bit. Only what differs from x86-64 is spelled out.
void AppendX32Calls(const std::vector<NumberRange>& x86_64,
                    const std::vector<NumberRange>& x32,
                    std::vector<NumberRange>* ranges) {
  std::vector<uint32_t> firsts;
  for (const NumberRange& range : x86_64) firsts.push_back(range.first);
  for (const NumberRange& range : x32) firsts.push_back(range.first);
  std::sort(firsts.begin(), firsts.end());
  for (const uint32_t first : firsts) {
    if (first >= kX32Bit) break;
    const int decision = DecisionAt(x32, first);
    const bool same = decision == DecisionAt(x86_64, first);
    Append(kX32Bit + first, same ? kSameAsX8664 : decision, ranges);
  }
}

// Above kX32Bit lie x32's calls and numbers no ABI has, whose decision is
// that of the ABI the bit says they belong to. Where x32 is not listed,
// libseccomp kills, but for -1: a tracer's "skip this call".
void FilterBuilder::AddX32Ranges(ArchFilter* arch) {
  constexpr uint32_t kTop = 0x80000000;
  const int enosys = pool_.Constant(SECCOMP_RET_ERRNO | ENOSYS);
  const int bad_arch = pool_.Constant(SECCOMP_RET_KILL_THREAD);
  const int x86_64_top = arch->ranges.back().decision;
  std::vector<NumberRange>* ranges = &arch->x32_ranges;
  if (const AbiRules* abi = Abi(kX32); abi != nullptr) {
    const std::vector<NumberRange> x32 =
        abi->Ranges(default_.value, Beyond(), &pool_);
    AppendX32Calls(arch->ranges, x32, ranges);
    Append(kTop, x86_64_top, ranges);
    Append(kTop + kX32Bit, x32.back().decision, ranges);
    return;
  }
  Append(kX32Bit, bad_arch, ranges);
  Append(kTop, x86_64_top == enosys ? enosys : bad_arch, ranges);
  Append(kTop + kX32Bit, bad_arch, ranges);
  Append(~uint32_t{0}, pool_.Constant(default_.value), ranges);
}

Filter FilterBuilder::Layout() {
  Filter filter;
  filter.other_arch = SECCOMP_RET_KILL_THREAD;
  for (const AbiRules& abi : abis_) {
    if (abi.architecture().column == kX32) continue;  // part of x86-64
    ArchFilter arch;
    arch.audit_arch = abi.architecture().audit_arch;
    arch.ranges = abi.Ranges(default_.value, Beyond(), &pool_);
    if (abi.architecture().column == kX8664) AddX32Ranges(&arch);
    filter.archs.push_back(std::move(arch));
  }
  filter.decisions = std::move(pool_).Take();
  return filter;
}

}  // namespace

Family OwnFamily() {
#if defined(__x86_64__)
  return kX86Family;
#elif defined(__aarch64__)
  return kArmFamily;
#else
#error "no ABIs of this machine in vocabulary.cc"
#endif
}

absl::StatusOr<Filter> BuildFilter(const oci::Seccomp& profile,
                                   const std::string& field,
                                   absl::Span<const Override> overrides,
                                   Family family) {
  FilterBuilder builder(profile, field, family);
  SYSBOX_RETURN_IF_ERROR(builder.ReadProfile());
  SYSBOX_RETURN_IF_ERROR(builder.AddOverrides(overrides));
  return builder.Layout();
}

}  // namespace sysbox::seccomp
