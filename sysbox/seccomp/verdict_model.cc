#include "sysbox/seccomp/verdict_model.h"

#include <linux/audit.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <random>

#include "sysbox/seccomp/decision.h"
#include "sysbox/seccomp/syscall_table.h"
#include "sysbox/seccomp/vocabulary.h"

namespace sysbox::seccomp {
namespace {

constexpr uint32_t kHighestProbed = 600;

uint32_t ActionValue(const std::string& name,
                     const std::optional<uint32_t>& errno_ret) {
  const Action* action = FindAction(name);
  return action->value | (action->takes_errno ? errno_ret.value_or(EPERM) : 0);
}

bool Compares(const oci::SyscallArg& arg, uint64_t actual, bool wide) {
  const uint64_t bits = wide ? ~uint64_t{0} : 0xffffffff;
  const uint64_t value = arg.value & bits;
  actual &= bits;
  switch (FindOperator(arg.op)->compare) {
    case Compare::kNe:
      return actual != value;
    case Compare::kLt:
      return actual < value;
    case Compare::kLe:
      return actual <= value;
    case Compare::kEq:
      return actual == value;
    case Compare::kGe:
      return actual >= value;
    case Compare::kGt:
      return actual > value;
    case Compare::kMaskedEq:
      break;
  }
  return (actual & value) == (arg.value_two & value);
}

// Whether the rule's conditions, in this ABI, hold whatever the arguments.
bool HoldsAlways(const oci::SyscallRule& rule, bool wide) {
  const uint64_t bits = wide ? ~uint64_t{0} : 0xffffffff;
  return std::all_of(
      rule.args.begin(), rule.args.end(), [bits](const oci::SyscallArg& arg) {
        return arg.op == "SCMP_CMP_MASKED_EQ" && (arg.value & bits) == 0;
      });
}

// Of what is left of the conditions when the first argument is a
// multiplexer's (`skip_first`).
bool Holds(const oci::SyscallRule& rule, const seccomp_data& data, bool wide,
           bool skip_first) {
  std::set<uint32_t> indices;
  for (const oci::SyscallArg& arg : rule.args) indices.insert(arg.index);
  const bool any = indices.size() < rule.args.size();
  bool all = true;
  for (const oci::SyscallArg& arg : rule.args) {
    const bool holds = (skip_first && arg.index == 0) ||
                       Compares(arg, data.args[arg.index], wide);
    if (any && holds) return true;
    all &= holds;
  }
  return !any && all;
}

}  // namespace

VerdictModel::VerdictModel(const oci::Seccomp& profile, Family family)
    : profile_(profile),
      default_action_(
          ActionValue(profile.default_action, profile.default_errno_ret)) {
  for (const std::string_view name : family) {
    Abi abi = {.architecture = FindArchitecture(name)};
    abi.listed =
        name == family[0] || std::count(profile.architectures.begin(),
                                        profile.architectures.end(), name) > 0;
    for (const oci::SyscallRule& rule : profile.syscalls) {
      for (const std::string& call : rule.names) {
        const SyscallRow* row = FindSyscall(call);
        if (row != nullptr) Name(*row, rule, &abi);
      }
    }
    abis_.push_back(std::move(abi));
  }
}

void VerdictModel::Name(const SyscallRow& row, const oci::SyscallRule& rule,
                        Abi* abi) {
  const int column = abi->architecture->column;
  const uint32_t bit = column == kX32 ? kX32Bit : 0;
  const uint32_t action = ActionValue(rule.action, rule.errno_ret);
  const bool multiplexed = column == kX86 && row.x86_multiplexer >= 0;
  const int32_t number = row.number[column];
  if (number > 0 && !multiplexed) {
    abi->newest = std::max(abi->newest, static_cast<uint32_t>(number) | bit);
  }
  if (action == default_action_) return;
  if (number >= 0) abi->rules.insert({number | bit, {&rule, action, -1}});
  if (!multiplexed) return;
  abi->rules.insert({static_cast<uint32_t>(row.x86_multiplexer),
                     {&rule, action, row.x86_call}});
}

const VerdictModel::Abi* VerdictModel::AbiOf(const seccomp_data& data) const {
  const bool x32 = (static_cast<uint32_t>(data.nr) & kX32Bit) != 0 &&
                   data.arch == AUDIT_ARCH_X86_64;
  for (const Abi& abi : abis_) {
    if (abi.architecture->audit_arch == data.arch &&
        (abi.architecture->column == kX32) == x32) {
      return &abi;
    }
  }
  return nullptr;
}

std::set<uint32_t> VerdictModel::PossibleActions(
    const seccomp_data& data) const {
  const Abi* abi = AbiOf(data);
  if (abi == nullptr) return {SECCOMP_RET_KILL_THREAD};
  const uint32_t number = static_cast<uint32_t>(data.nr);
  const bool stub = !FindAction(profile_.default_action)->permits;
  if (abi->listed && stub && abi->newest > 0 && number > abi->newest) {
    return {SECCOMP_RET_ERRNO | ENOSYS};
  }
  if (data.arch == AUDIT_ARCH_X86_64 && number >= kX32Bit) {
    // A tracer's "skip this call" passes, or else x32 has to be listed.
    const auto& listed = profile_.architectures;
    const bool has_x32 =
        std::count(listed.begin(), listed.end(), "SCMP_ARCH_X32") > 0;
    if (~number == 0) return {default_action_};
    if (!has_x32) return {SECCOMP_RET_KILL_THREAD};
  }
  if (!abi->listed) return {SECCOMP_RET_KILL_THREAD};
  std::set<uint32_t> actions;
  const auto [begin, end] = abi->rules.equal_range(number);
  for (auto it = begin; it != end; ++it) {
    const Named& named = it->second;
    const bool is_call = named.call >= 0;
    if (is_call && static_cast<uint32_t>(data.args[0]) != named.call) continue;
    if (HoldsAlways(*named.rule, abi->architecture->wide)) {
      if (!is_call) return {named.action};
      actions.insert(named.action);
    } else if (Holds(*named.rule, data, abi->architecture->wide, is_call)) {
      actions.insert(named.action);
    }
  }
  if (actions.empty()) return {default_action_};
  return actions;
}

namespace {

void AddProbe(uint32_t arch, uint32_t number,
              const std::vector<uint64_t>& values, std::minstd_rand* random,
              std::vector<seccomp_data>* probes) {
  seccomp_data data = {};
  data.arch = arch;
  data.nr = static_cast<int>(number);
  for (auto& arg : data.args) arg = values[(*random)() % values.size()];
  probes->push_back(data);
}

std::vector<uint64_t> InterestingValues(const oci::Seccomp& profile) {
  std::set<uint64_t> values = {0, ~uint64_t{0}, 0xffffffff, uint64_t{1} << 32};
  for (uint64_t call = 0; call < 25; ++call) values.insert(call);
  for (const oci::SyscallRule& rule : profile.syscalls) {
    for (const oci::SyscallArg& arg : rule.args) {
      for (const uint64_t value : {arg.value, arg.value_two}) {
        for (const uint64_t near :
             {value - 1, value, value + 1, value ^ uint64_t{1} << 32,
              value + (uint64_t{1} << 32), value - (uint64_t{1} << 32),
              value & 0xffffffff}) {
          values.insert(near);
        }
      }
    }
  }
  return {values.begin(), values.end()};
}

// Numbers, in any ABI, of calls whose arguments matter.
std::set<uint32_t> NumbersWithConditions(const oci::Seccomp& profile) {
  std::set<uint32_t> numbers = {102, 117};
  for (const oci::SyscallRule& rule : profile.syscalls) {
    if (rule.args.empty()) continue;
    for (const std::string& name : rule.names) {
      const SyscallRow* row = FindSyscall(name);
      if (row == nullptr) continue;
      for (const int32_t number : row->number) {
        if (number >= 0) numbers.insert(static_cast<uint32_t>(number));
      }
    }
  }
  return numbers;
}

}  // namespace

std::vector<seccomp_data> Probes(const oci::Seccomp& profile) {
  constexpr int kProbesOfConditions = 150;
  constexpr uint32_t kArchs[] = {AUDIT_ARCH_X86_64, AUDIT_ARCH_I386,
                                 AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM};
  std::minstd_rand random(7);
  const std::vector<uint64_t> values = InterestingValues(profile);
  const std::set<uint32_t> deep = NumbersWithConditions(profile);
  std::vector<seccomp_data> probes;
  for (const uint32_t arch : kArchs) {
    for (uint32_t number = 0; number <= kHighestProbed; ++number) {
      const int count = deep.count(number) != 0 ? kProbesOfConditions : 1;
      for (int i = 0; i < count; ++i) {
        AddProbe(arch, number, values, &random, &probes);
        if (arch != AUDIT_ARCH_X86_64) continue;
        AddProbe(arch, number | kX32Bit, values, &random, &probes);
      }
    }
    for (const uint32_t number :
         {0x3fffffffu, 0x7fffffffu, 0x80000000u, 0xbfffffffu, 0xc0000000u,
          0xc0000001u, 0xfffffffeu, 0xffffffffu, 0xf0001u, 0xf0005u}) {
      AddProbe(arch, number, values, &random, &probes);
    }
  }
  AddProbe(AUDIT_ARCH_S390X, 1, values, &random, &probes);
  return probes;
}

}  // namespace sysbox::seccomp
