#include "sysbox/linux/capabilities.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "absl/strings/match.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"

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

namespace {

// 0: the calling thread's.
absl::StatusOr<CapabilitySets> CapGet(pid_t tid) {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, tid};
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

}  // namespace

absl::StatusOr<CapabilitySets> GetCapabilities() { return CapGet(0); }

absl::StatusOr<CapabilitySets> CapabilitiesOf(pid_t tid) {
  return tid > 0 ? CapGet(tid) : ErrnoStatus(ESRCH, "capget");
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

}  // namespace sysbox
