#include "sysbox/seccomp/libseccomp_filter.h"

#include <linux/audit.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <memory>
#include <string>
#include <string_view>

#include "sysbox/linux/fd.h"
#include "sysbox/seccomp/bpf_simulator.h"
#include "sysbox/seccomp/decision.h"
#include "sysbox/seccomp/vocabulary.h"

namespace sysbox::seccomp {
namespace {

struct Release {
  void operator()(void* context) const { seccomp_release(context); }
};
using Context = std::unique_ptr<void, Release>;

// "SCMP_ARCH_X86_64" → libseccomp's token, by way of its own short name.
uint32_t Token(std::string_view name) {
  std::string lower;
  for (const char c : name.substr(std::string_view("SCMP_ARCH_").size())) {
    lower.push_back(static_cast<char>(std::tolower(c)));
  }
  return seccomp_arch_resolve_name(lower.c_str());
}

uint32_t ActionValue(const std::string& name,
                     const std::optional<uint32_t>& errno_ret) {
  const Action* action = FindAction(name);
  // SCMP_ACT_* are SECCOMP_RET_* but for this one.
  if (action->value == SECCOMP_RET_USER_NOTIF) return SCMP_ACT_NOTIFY;
  return action->value | (action->takes_errno ? errno_ret.value_or(EPERM) : 0);
}

scmp_arg_cmp Comparison(const oci::SyscallArg& arg) {
  return {arg.index, static_cast<scmp_compare>(FindOperator(arg.op)->compare),
          arg.value, arg.value_two};
}

bool AddRule(void* context, const oci::SyscallRule& rule, int number,
             uint32_t action) {
  std::vector<scmp_arg_cmp> all;
  bool repeated = false;
  for (const oci::SyscallArg& arg : rule.args) {
    repeated |= std::any_of(
        all.begin(), all.end(),
        [&](const scmp_arg_cmp& other) { return other.arg == arg.index; });
    all.push_back(Comparison(arg));
  }
  if (!repeated) {
    return seccomp_rule_add_array(context, action, number, all.size(),
                                  all.data()) == 0;
  }
  return std::all_of(all.begin(), all.end(), [&](const scmp_arg_cmp& one) {
    return seccomp_rule_add_array(context, action, number, 1, &one) == 0;
  });
}

std::vector<uint64_t> Export(void* context) {
  const Fd file(memfd_create("filter", MFD_CLOEXEC));
  if (seccomp_export_bpf(context, file.get()) != 0) return {};
  const off_t size = lseek(file.get(), 0, SEEK_END);
  std::vector<uint64_t> program(static_cast<size_t>(size) / sizeof(uint64_t));
  if (pread(file.get(), program.data(), size, 0) != size) return {};
  return program;
}

}  // namespace

std::optional<LibseccompFilter> LibseccompFilter::Build(
    const oci::Seccomp& profile, Family family) {
  LibseccompFilter result;
  const uint32_t default_action =
      ActionValue(profile.default_action, profile.default_errno_ret);
  const Context context(seccomp_init(default_action));
  if (family[0] != OwnFamily()[0]) {
    seccomp_arch_add(context.get(), Token(family[0]));
    seccomp_arch_remove(context.get(), SCMP_ARCH_NATIVE);
  }
  std::vector<std::string> listed = profile.architectures;
  listed.emplace_back(family[0]);
  const bool stub = !FindAction(profile.default_action)->permits;
  for (const std::string& name : listed) {
    const int added = seccomp_arch_add(context.get(), Token(name));
    if (added != 0 && added != -EEXIST) return std::nullopt;
    for (const oci::SyscallRule& rule : profile.syscalls) {
      for (const std::string& call : rule.names) {
        const int number =
            seccomp_syscall_resolve_name_arch(Token(name), call.c_str());
        if (!stub || number <= 0) continue;
        uint32_t& newest = result.newest_[{FindArchitecture(name)->audit_arch,
                                           name == "SCMP_ARCH_X32"}];
        newest = std::max(newest, static_cast<uint32_t>(number));
      }
    }
  }
  for (const oci::SyscallRule& rule : profile.syscalls) {
    const uint32_t action = ActionValue(rule.action, rule.errno_ret);
    if (action == default_action) continue;
    for (const std::string& call : rule.names) {
      const int number = seccomp_syscall_resolve_name(call.c_str());
      if (number == __NR_SCMP_ERROR) continue;
      if (!AddRule(context.get(), rule, number, action)) return std::nullopt;
    }
  }
  result.program_ = Export(context.get());
  return result;
}

uint32_t LibseccompFilter::Verdict(const seccomp_data& data) const {
  const uint32_t number = static_cast<uint32_t>(data.nr);
  const bool x32 = (number & kX32Bit) != 0 && data.arch == AUDIT_ARCH_X86_64;
  const auto newest = newest_.find({data.arch, x32});
  if (newest != newest_.end() && number > newest->second) {
    return SECCOMP_RET_ERRNO | ENOSYS;
  }
  return Simulate(program_, data);
}

}  // namespace sysbox::seccomp
