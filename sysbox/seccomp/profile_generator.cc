#include "sysbox/seccomp/profile_generator.h"

#include <array>
#include <map>
#include <string_view>

#include "sysbox/seccomp/vocabulary.h"

namespace sysbox::seccomp {
namespace {

constexpr std::array<uint64_t, 6> kHighWords = {0, 0,          0,
                                                1, 0x80000000, 0xffffffff};
constexpr std::array<uint64_t, 6> kLowWords = {0, 1,          2,
                                               8, 0x7fffffff, 0xffffffff};

class Generator {
 public:
  Generator(const ProfileShape& shape, ByteSource* source)
      : shape_(shape), source_(*source) {}

  oci::Seccomp Profile();

 private:
  template <typename Row>
  std::string Word(absl::Span<const Row> rows) {
    if (!shape_.valid && source_.OneIn(16)) return "SCMP_NOTHING";
    return std::string(rows[source_.Below(rows.size())].name);
  }
  std::string ActionName();
  std::string CallName();
  uint64_t Value();
  oci::SyscallArg Arg();
  void AddArgs(oci::SyscallRule* rule);
  oci::SyscallRule Rule();

  const ProfileShape& shape_;
  ByteSource& source_;
  std::map<std::string, std::string> action_;  // of calls' rules with args
};

std::string Generator::ActionName() {
  std::string name = Word(Actions());
  // Kept for overrides: a profile with a listener is another matter.
  if (shape_.valid && name == "SCMP_ACT_NOTIFY") return "SCMP_ACT_ALLOW";
  return name;
}

std::string Generator::CallName() {
  if (!shape_.valid && source_.OneIn(32)) {
    return std::string(source_.Below(3), 'x');
  }
  return shape_.names[source_.Below(shape_.names.size())];
}

uint64_t Generator::Value() {
  const uint64_t low = source_.OneIn(4)
                           ? source_.Next(4)
                           : kLowWords[source_.Below(kLowWords.size())];
  if (!shape_.wide) return low;
  return low | kHighWords[source_.Below(kHighWords.size())] << 32;
}

oci::SyscallArg Generator::Arg() {
  oci::SyscallArg arg;
  arg.index = static_cast<uint32_t>(source_.Below(shape_.valid ? 6 : 7));
  arg.op = Word(Operators());
  arg.value = Value();
  arg.value_two = Value();
  return arg;
}

void Generator::AddArgs(oci::SyscallRule* rule) {
  const uint64_t count = source_.OneIn(2) ? 1 : source_.Below(4);
  for (uint64_t i = 0; i < count; ++i) rule->args.push_back(Arg());
  if (rule->args.size() > shape_.max_args) rule->args.resize(shape_.max_args);
  // Rules of several actions: all on the same argument.
  if (!shape_.one_action && !rule->args.empty()) rule->args[0].index = 0;
}

oci::SyscallRule Generator::Rule() {
  oci::SyscallRule rule;
  rule.action = ActionName();
  const bool takes_errno =
      rule.action == "SCMP_ACT_ERRNO" || rule.action == "SCMP_ACT_TRACE";
  if ((takes_errno || !shape_.valid) && source_.OneIn(2)) {
    rule.errno_ret = static_cast<uint32_t>(source_.Below(40));
  }
  if (source_.OneIn(3)) AddArgs(&rule);
  const uint64_t count = rule.args.empty() ? source_.Below(12) : 1;
  for (uint64_t i = 0; i < count; ++i) {
    std::string name = CallName();
    if (!rule.args.empty() && shape_.one_action && shape_.valid) {
      const auto [known, added] = action_.try_emplace(name, rule.action);
      if (!added) {
        if (!shape_.many_rules || known->second != rule.action) continue;
        if (rule.errno_ret.has_value()) continue;
      }
    }
    rule.names.push_back(std::move(name));
  }
  return rule;
}

oci::Seccomp Generator::Profile() {
  oci::Seccomp profile;
  profile.default_action = ActionName();
  for (const std::string& name : shape_.architectures) {
    if (!source_.OneIn(4)) profile.architectures.push_back(name);
  }
  if (!shape_.valid) {
    profile.architectures.push_back(Word(Architectures()));
    profile.flags.push_back(Word(Flags()));
    if (source_.OneIn(2)) profile.listener_path = "/run/agent";
  }
  const uint64_t rules = source_.Below(source_.OneIn(8) ? 256 : 24);
  for (uint64_t i = 0; i < rules && !source_.empty(); ++i) {
    profile.syscalls.push_back(Rule());
  }
  return profile;
}

}  // namespace

uint64_t ByteSource::Next(size_t width) {
  uint64_t value = 0;
  for (; width > 0 && !bytes_.empty(); --width) {
    value = value << 8 | bytes_[0];
    bytes_.remove_prefix(1);
  }
  return value;
}

oci::Seccomp GenerateProfile(const ProfileShape& shape, ByteSource* source) {
  return Generator(shape, source).Profile();
}

}  // namespace sysbox::seccomp
