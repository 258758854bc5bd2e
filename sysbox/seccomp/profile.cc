#include "sysbox/seccomp/profile.h"

#include <linux/bpf_common.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "sysbox/base/status.h"
#include "sysbox/linux/seccomp_filter.h"
#include "sysbox/seccomp/assemble.h"
#include "sysbox/seccomp/filter.h"
#include "sysbox/seccomp/vocabulary.h"

namespace sysbox::seccomp {
namespace {

bool Notifies(const oci::Seccomp& profile) {
  return std::any_of(profile.syscalls.begin(), profile.syscalls.end(),
                     [](const oci::SyscallRule& rule) {
                       return rule.action == "SCMP_ACT_NOTIFY";
                     });
}

bool Notifies(absl::Span<const Override> overrides) {
  return std::any_of(overrides.begin(), overrides.end(), [](const Override& o) {
    return (o.action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_USER_NOTIF;
  });
}

absl::StatusOr<unsigned int> ParseFlags(const oci::Seccomp& profile,
                                        const std::string& field,
                                        bool listener) {
  unsigned int flags = listener ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
  for (size_t i = 0; i < profile.flags.size(); ++i) {
    const Flag* flag = FindFlag(profile.flags[i]);
    if (flag == nullptr) {
      return InvalidArgument("{}.flags[{}]: unknown value \"{}\"", field, i,
                             profile.flags[i]);
    }
    flags |= flag->value;
  }
  // The kernel refuses it without a listener, where it would mean nothing.
  if (!listener) flags &= ~SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
  // Both return a number on success: a thread id or the descriptor.
  constexpr unsigned int kBoth =
      SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_NEW_LISTENER;
  if ((flags & kBoth) == kBoth) flags |= SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
  return flags;
}

template <typename Rows>
std::vector<std::string> Names(const Rows& rows) {
  std::vector<std::string> names;
  for (const auto& row : rows) names.emplace_back(row.name);
  return names;
}

// The kernel looks at the flags first (EINVAL), then whether a program may be
// loaded (EACCES), then reads it: here from an address where nothing is mapped
// (EFAULT), so that none of them loads.
bool KernelKnowsFlags(unsigned int flags) {
  const auto* unmapped = reinterpret_cast<const uint64_t*>(sizeof(uint64_t));
  const auto loaded = LoadSeccompFilter(absl::MakeSpan(unmapped, 1), flags);
  return ErrnoOf(loaded.status()) != EINVAL;
}

}  // namespace

absl::StatusOr<Program> CompileProfile(const oci::Seccomp& profile,
                                       const std::string& field,
                                       absl::Span<const Override> overrides) {
  const bool own_listener = Notifies(overrides);
  if (own_listener && Notifies(profile)) {
    return InvalidArgument(
        "{}.syscalls: SCMP_ACT_NOTIFY is taken: this container's calls are "
        "intercepted already",
        field);
  }
  Program program;
  SYSBOX_ASSIGN_OR_RETURN(
      program.flags,
      ParseFlags(profile, field, own_listener || Notifies(profile)));
  SYSBOX_ASSIGN_OR_RETURN(const Filter filter,
                          BuildFilter(profile, field, overrides, OwnFamily()));
  program.instructions = AssembleFilter(filter);
  if (program.instructions.size() > BPF_MAXINSNS) {
    return InvalidArgument("{}: needs {} instructions, the kernel takes {}",
                           field, program.instructions.size(), BPF_MAXINSNS);
  }
  return program;
}

oci::Seccomp UnconfinedProfile() {
  oci::Seccomp profile;
  profile.default_action = "SCMP_ACT_ALLOW";
  for (const std::string_view name : OwnFamily()) {
    profile.architectures.emplace_back(name);
  }
  return profile;
}

std::vector<std::string> KnownActions() { return Names(Actions()); }
std::vector<std::string> KnownOperators() { return Names(Operators()); }
std::vector<std::string> KnownArchitectures() { return Names(Architectures()); }
std::vector<std::string> KnownFlags() { return Names(Flags()); }

std::vector<std::string> SupportedFlags() {
  std::vector<std::string> names;
  for (const Flag& flag : Flags()) {
    unsigned int flags = flag.value;
    if (flags == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV) {
      flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
    }
    if (KernelKnowsFlags(flags)) names.emplace_back(flag.name);
  }
  return names;
}

}  // namespace sysbox::seccomp
