#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sysbox/syscont/transforms.h"

namespace sysbox::syscont {
namespace {

// What a whole system does and an engine's profile ties to capabilities it
// does not know the container to have. Each of these either needs no
// privilege or has the kernel check it against the container's own user
// namespace. Left to the profile are those whose check looks at the host's
// (modules, clocks, iopl, acct, swap: EPERM either way), and those that need
// none and have been roads into the kernel (bpf, perf_event_open, io_uring,
// userfaultfd) or show the host's log (syslog).
constexpr std::string_view kSystemSyscalls[] = {
    "add_key",  // keyrings belong to a user namespace
    "chroot",
    "clone",   // with any CLONE_NEW* flag
    "clone3",  // its flags are out of a filter's sight
    "close_range",
    "epoll_pwait2",
    "faccessat2",
    "fanotify_init",
    "fanotify_mark",
    "fchmodat2",
    "fsconfig",
    "fsmount",
    "fsopen",
    "fspick",
    "futex_waitv",
    "get_mempolicy",
    "kcmp",  // ptrace rules
    "keyctl",
    "landlock_add_rule",
    "landlock_create_ruleset",
    "landlock_restrict_self",
    "listmount",
    "mbind",
    "mlock",  // RLIMIT_MEMLOCK
    "mlock2",
    "mlockall",
    "mount",
    "mount_setattr",
    "move_mount",
    "name_to_handle_at",
    "open_by_handle_at",  // the host's, or the superblock owner's, right
    "open_tree",
    "open_tree_attr",
    "openat2",
    "pidfd_getfd",  // ptrace rules
    "pidfd_open",
    "pidfd_send_signal",
    "pivot_root",
    "process_madvise",    // ptrace rules
    "process_vm_readv",   // ptrace rules
    "process_vm_writev",  // ptrace rules
    "ptrace",
    "quotactl",  // the superblock owner's right
    "quotactl_fd",
    "reboot",  // ends the pid namespace
    "request_key",
    "set_mempolicy",
    "set_mempolicy_home_node",
    "setdomainname",
    "sethostname",
    "setns",
    "statmount",
    "umount",
    "umount2",
    "unshare",
};

bool Allows(std::string_view action) {
  return action == "SCMP_ACT_ALLOW" || action == "SCMP_ACT_LOG";
}

// The one denial that engines' own profiles contain: clone3 with ENOSYS, so
// that libc falls back to clone, whose flags a filter can see.
bool IsCloneFallback(const oci::SyscallRule& rule) {
  constexpr uint32_t kEnosys = 38;
  return rule.errno_ret == kEnosys && rule.names.size() == 1 &&
         rule.names.front() == "clone3";
}

// Sorted. Some 60, looked for among hundreds in each profile.
using Names = std::vector<std::string_view>;

bool Contains(const Names& names, std::string_view name) {
  return std::binary_search(names.begin(), names.end(), name);
}

void Erase(Names& names, std::string_view name) {
  const auto [first, last] = std::equal_range(names.begin(), names.end(), name);
  names.erase(first, last);
}

// Names to allow: all of the table but those the profile denies in so many
// words. Whoever writes such a rule means it.
Names NamesToAllow(const oci::Seccomp& profile, const Names& also) {
  Names names(std::begin(kSystemSyscalls), std::end(kSystemSyscalls));
  names.insert(names.end(), also.begin(), also.end());
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (const oci::SyscallRule& rule : profile.syscalls) {
    if (Allows(rule.action) || IsCloneFallback(rule)) continue;
    for (const std::string& name : rule.names) Erase(names, name);
  }
  return names;
}

bool IsUnconditional(const oci::SyscallRule& rule) {
  return Allows(rule.action) && rule.args.empty();
}

// Takes `names` out of rules that only allow them for some arguments.
void RemoveConditions(oci::Seccomp& profile, const Names& names) {
  for (oci::SyscallRule& rule : profile.syscalls) {
    if (IsUnconditional(rule)) continue;
    std::erase_if(rule.names, [&](const std::string& name) {
      return Contains(names, name);
    });
  }
  std::erase_if(profile.syscalls, [](const oci::SyscallRule& rule) {
    return rule.names.empty();
  });
}

// Drops from `names` what is allowed for all already.
void DropAllowed(const oci::Seccomp& profile, Names& names) {
  for (const oci::SyscallRule& rule : profile.syscalls) {
    if (!IsUnconditional(rule)) continue;
    for (const std::string& name : rule.names) Erase(names, name);
  }
}

}  // namespace

absl::Status WidenSeccomp(oci::Spec& spec, const Inputs& inputs) {
  if (!spec.linux->seccomp.has_value()) return absl::OkStatus();
  oci::Seccomp& profile = *spec.linux->seccomp;
  // A deny-list: all its denials are the user's own.
  if (Allows(profile.default_action)) return absl::OkStatus();
  Names names = NamesToAllow(profile, inputs.answered_syscalls);
  RemoveConditions(profile, names);
  DropAllowed(profile, names);
  if (names.empty()) return absl::OkStatus();
  oci::SyscallRule rule;
  rule.names.assign(names.begin(), names.end());
  rule.action = "SCMP_ACT_ALLOW";
  profile.syscalls.push_back(std::move(rule));
  return absl::OkStatus();
}

}  // namespace sysbox::syscont
