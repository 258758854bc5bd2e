#include "sysbox/linux/process_attributes.h"

#include <linux/keyctl.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/syscall_status.h"

namespace sysbox {
namespace {

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

}  // namespace

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

absl::Status SetBatchScheduling() {
  const sched_param none = {};
  return SyscallStatus(sched_setscheduler(0, SCHED_BATCH, &none),
                       "sched_setscheduler SCHED_BATCH");
}

}  // namespace sysbox
