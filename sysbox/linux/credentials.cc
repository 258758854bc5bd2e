#include "sysbox/linux/credentials.h"

#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <sys/fsuid.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/file.h"

namespace sysbox {
namespace {

// The index is the number; linux/capability.h.
constexpr std::array<std::string_view, 41> kCapabilityNames = {
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
};
static_assert(kCapabilityNames[CAP_SYS_ADMIN] == "CAP_SYS_ADMIN");
static_assert(kCapabilityNames[CAP_SETFCAP] == "CAP_SETFCAP");
static_assert(kCapabilityNames[CAP_CHECKPOINT_RESTORE] ==
              "CAP_CHECKPOINT_RESTORE");
constexpr int kCapabilityLimit = 64;  // of a CapabilitySet

struct Resource {
  std::string_view name;
  int number;
};
constexpr Resource kResources[] = {
    {"RLIMIT_AS", RLIMIT_AS},
    {"RLIMIT_CORE", RLIMIT_CORE},
    {"RLIMIT_CPU", RLIMIT_CPU},
    {"RLIMIT_DATA", RLIMIT_DATA},
    {"RLIMIT_FSIZE", RLIMIT_FSIZE},
    {"RLIMIT_LOCKS", RLIMIT_LOCKS},
    {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
    {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
    {"RLIMIT_NICE", RLIMIT_NICE},
    {"RLIMIT_NOFILE", RLIMIT_NOFILE},
    {"RLIMIT_NPROC", RLIMIT_NPROC},
    {"RLIMIT_RSS", RLIMIT_RSS},
    {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
    {"RLIMIT_RTTIME", RLIMIT_RTTIME},
    {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
    {"RLIMIT_STACK", RLIMIT_STACK},
};

constexpr CapabilitySet Bit(int capability) {
  return CapabilitySet{1} << capability;
}

// 1 or 0: in the bounding set or not; -1: no such capability.
int ReadBounding(int capability) {
  return prctl(PR_CAPBSET_READ, capability, 0, 0, 0);
}

// One past the last capability that the running kernel knows.
int CapabilityCount() {
  int count = static_cast<int>(kCapabilityNames.size());
  while (count < kCapabilityLimit && ReadBounding(count) >= 0) ++count;
  while (count > 0 && ReadBounding(count - 1) < 0) --count;
  return count;
}

CapabilitySet Join(const __user_cap_data_struct (&data)[2],
                   __u32 __user_cap_data_struct::*field) {
  return data[0].*field | CapabilitySet{data[1].*field} << 32;
}

}  // namespace

absl::Status SetUserIds(uid_t uid) {
  if (syscall(SYS_setresuid, uid, uid, uid) != 0) {
    const int error = errno;
    return ErrnoStatus(error, fmt::format("setresuid {}", uid));
  }
  return absl::OkStatus();
}

absl::Status SetGroupIds(gid_t gid) {
  if (syscall(SYS_setresgid, gid, gid, gid) != 0) {
    const int error = errno;
    return ErrnoStatus(error, fmt::format("setresgid {}", gid));
  }
  return absl::OkStatus();
}

absl::Status SetGroups(absl::Span<const gid_t> groups) {
  if (syscall(SYS_setgroups, groups.size(), groups.data()) != 0) {
    const int error = errno;
    return ErrnoStatus(error,
                       fmt::format("setgroups of {} groups", groups.size()));
  }
  return absl::OkStatus();
}

absl::Status SetEffectiveUser(uid_t uid) {
  constexpr uid_t kKeep = static_cast<uid_t>(-1);
  if (syscall(SYS_setresuid, kKeep, uid, kKeep) == 0) return absl::OkStatus();
  const int error = errno;
  return ErrnoStatus(error, fmt::format("setresuid -1, {}, -1", uid));
}

void SetFilesystemIds(uid_t uid, gid_t gid) {
  // The group first: giving up user id 0 takes CAP_SETGID's effect on files
  // away. Both calls report nothing but the former id.
  setfsgid(gid);
  setfsuid(uid);
}

std::optional<int> CapabilityNumber(std::string_view name) {
  constexpr std::string_view kPrefix = "CAP_";
  if (absl::StartsWithIgnoreCase(ToAbsl(name), ToAbsl(kPrefix))) {
    name.remove_prefix(kPrefix.size());
  }
  const auto found =
      std::find_if(kCapabilityNames.begin(), kCapabilityNames.end(),
                   [&](std::string_view known) {
                     known.remove_prefix(kPrefix.size());
                     return absl::EqualsIgnoreCase(ToAbsl(known), ToAbsl(name));
                   });
  if (found == kCapabilityNames.end()) return std::nullopt;
  return static_cast<int>(found - kCapabilityNames.begin());
}

std::string_view CapabilityName(int number) {
  if (number < 0 || number >= static_cast<int>(kCapabilityNames.size())) {
    return {};
  }
  return kCapabilityNames[static_cast<size_t>(number)];
}

absl::StatusOr<CapabilitySet> AllCapabilities() {
  const int count = CapabilityCount();
  if (count == 0) return ErrnoStatus(EINVAL, "prctl PR_CAPBSET_READ");
  return count == kCapabilityLimit ? ~CapabilitySet{0} : Bit(count) - 1;
}

absl::StatusOr<CapabilitySets> GetCapabilities() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  if (syscall(SYS_capget, &header, data) != 0) {
    return ErrnoStatus(errno, "capget");
  }
  CapabilitySets sets;
  sets.effective = Join(data, &__user_cap_data_struct::effective);
  sets.permitted = Join(data, &__user_cap_data_struct::permitted);
  sets.inheritable = Join(data, &__user_cap_data_struct::inheritable);
  return sets;
}

absl::StatusOr<CapabilitySets> OwnCapabilities() {
  SYSBOX_ASSIGN_OR_RETURN(CapabilitySets sets, GetCapabilities());
  const int count = CapabilityCount();
  for (int number = 0; number < count; ++number) {
    if (ReadBounding(number) == 1) sets.bounding |= Bit(number);
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, number, 0, 0) == 1) {
      sets.ambient |= Bit(number);
    }
  }
  return sets;
}

absl::Status LimitBounding(CapabilitySet keep) {
  const int count = CapabilityCount();
  for (int number = 0; number < count; ++number) {
    if ((keep & Bit(number)) != 0) continue;
    if (prctl(PR_CAPBSET_DROP, number, 0, 0, 0) == 0) continue;
    const int error = errno;
    if (ReadBounding(number) == 0) continue;  // no right needed: it is gone
    return ErrnoStatus(
        error, fmt::format("prctl PR_CAPBSET_DROP {}", CapabilityName(number)));
  }
  return absl::OkStatus();
}

absl::Status SetCapabilities(const CapabilitySets& sets) {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2];
  for (int word = 0; word < 2; ++word) {
    data[word].effective = static_cast<__u32>(sets.effective >> 32 * word);
    data[word].permitted = static_cast<__u32>(sets.permitted >> 32 * word);
    data[word].inheritable = static_cast<__u32>(sets.inheritable >> 32 * word);
  }
  if (syscall(SYS_capset, &header, data) != 0) {
    return ErrnoStatus(errno, "capset");
  }
  return absl::OkStatus();
}

absl::Status SetAmbient(CapabilitySet ambient) {
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) {
    return ErrnoStatus(errno, "prctl PR_CAP_AMBIENT_CLEAR_ALL");
  }
  for (int number = 0; number < kCapabilityLimit; ++number) {
    if ((ambient & Bit(number)) == 0) continue;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0) != 0) {
      const int error = errno;
      return ErrnoStatus(error, fmt::format("prctl PR_CAP_AMBIENT_RAISE {}",
                                            CapabilityName(number)));
    }
  }
  return absl::OkStatus();
}

absl::Status KeepCapabilitiesOverSetuid(bool keep) {
  if (prctl(PR_SET_KEEPCAPS, keep ? 1 : 0, 0, 0, 0) != 0) {
    return ErrnoStatus(errno, "prctl PR_SET_KEEPCAPS");
  }
  return absl::OkStatus();
}

absl::Status SetNoNewPrivileges() {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return ErrnoStatus(errno, "prctl PR_SET_NO_NEW_PRIVS");
  }
  return absl::OkStatus();
}

absl::Status SetResourceLimit(pid_t pid, int resource, uint64_t soft,
                              uint64_t hard) {
  const rlimit64 limit = {soft, hard};
  if (syscall(SYS_prlimit64, pid, resource, &limit, nullptr) != 0) {
    const int error = errno;
    const auto* found =
        std::find_if(std::begin(kResources), std::end(kResources),
                     [&](const Resource& r) { return r.number == resource; });
    return ErrnoStatus(
        error, fmt::format("prlimit {} to {}:{}",
                           found == std::end(kResources) ? "?" : found->name,
                           soft, hard));
  }
  return absl::OkStatus();
}

std::optional<int> ResourceNumber(std::string_view name) {
  for (const Resource& resource : kResources) {
    if (resource.name == name) return resource.number;
  }
  return std::nullopt;
}

absl::Status JoinSessionKeyring(const std::string& name) {
  if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name.c_str()) < 0) {
    const int error = errno;
    return ErrnoStatus(error, fmt::format("keyctl join session {}", name));
  }
  return absl::OkStatus();
}

mode_t SetUmask(mode_t mask) { return umask(mask); }

absl::Status SetHostname(std::string_view name) {
  if (sethostname(name.data(), name.size()) != 0) {
    const int error = errno;
    return ErrnoStatus(error, fmt::format("sethostname {}", name));
  }
  return absl::OkStatus();
}

absl::Status SetDomainname(std::string_view name) {
  if (setdomainname(name.data(), name.size()) != 0) {
    const int error = errno;
    return ErrnoStatus(error, fmt::format("setdomainname {}", name));
  }
  return absl::OkStatus();
}

absl::Status SetPersonality(unsigned long persona) {
  if (personality(persona) < 0) {
    const int error = errno;
    return ErrnoStatus(error, fmt::format("personality {:#x}", persona));
  }
  return absl::OkStatus();
}

absl::Status SetOomScoreAdjust(pid_t pid, int value) {
  return WriteExisting(fmt::format("/proc/{}/oom_score_adj", pid),
                       fmt::format("{}", value));
}

absl::StatusOr<Fd> LoadSeccompFilter(absl::Span<const uint64_t> program,
                                     unsigned int flags) {
  static_assert(sizeof(sock_filter) == sizeof(uint64_t));
  if (program.empty() || program.size() > BPF_MAXINSNS) {
    return InvalidArgument("seccomp filter of {} instructions", program.size());
  }
  // Only read by the kernel, which copies it.
  const sock_fprog filter = {
      static_cast<unsigned short>(program.size()),
      reinterpret_cast<sock_filter*>(const_cast<uint64_t*>(program.data()))};
  const long result =
      syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
  if (result < 0) {
    const int error = errno;
    return ErrnoStatus(error, fmt::format("seccomp filter of {} instructions, "
                                          "flags {:#x}",
                                          program.size(), flags));
  }
  // The kernel makes the listener close-on-exec.
  if ((flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0) {
    return Fd(static_cast<int>(result));
  }
  if (result > 0) {  // SECCOMP_FILTER_FLAG_TSYNC
    return FailedPrecondition("seccomp filter: thread {} has another", result);
  }
  return Fd();
}

}  // namespace sysbox
