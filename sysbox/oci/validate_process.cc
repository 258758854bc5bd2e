#include "sysbox/oci/validate_process.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/capabilities.h"
#include "sysbox/linux/process_attributes.h"
#include "sysbox/oci/quoted.h"

namespace sysbox::oci {
namespace {

constexpr uint32_t kNoId = 0xffffffff;  // (uid_t)-1 means "leave it"

bool HasNul(std::string_view text) {
  return text.find('\0') != std::string_view::npos;
}

absl::Status CheckArgs(const Process& process) {
  if (process.args.empty()) return InvalidArgument("process.args: empty");
  for (size_t i = 0; i < process.args.size(); ++i) {
    if (HasNul(process.args[i])) {
      return InvalidArgument("process.args[{}]: NUL character", i);
    }
  }
  return absl::OkStatus();
}

absl::Status CheckEnv(const Process& process) {
  return ValidateEnvironment(process.env, "process.env");
}

absl::Status CheckCwd(const Process& process) {
  if (!process.cwd.starts_with('/')) {
    return InvalidArgument("process.cwd: {} is not an absolute path",
                           Quoted(process.cwd));
  }
  if (HasNul(process.cwd)) return InvalidArgument("process.cwd: NUL character");
  return absl::OkStatus();
}

absl::Status CheckConsoleSize(const Process& process) {
  constexpr uint32_t kMost = 0xffff;  // struct winsize
  if (!process.console_size) return absl::OkStatus();
  if (process.console_size->height > kMost ||
      process.console_size->width > kMost) {
    return InvalidArgument("process.consoleSize: more than {}", kMost);
  }
  return absl::OkStatus();
}

absl::Status CheckUser(const Process& process) {
  const User& user = process.user;
  if (user.uid == kNoId) {
    return InvalidArgument("process.user.uid: {} is no id", user.uid);
  }
  if (user.gid == kNoId) {
    return InvalidArgument("process.user.gid: {} is no id", user.gid);
  }
  for (size_t i = 0; i < user.additional_gids.size(); ++i) {
    if (user.additional_gids[i] == kNoId) {
      return InvalidArgument("process.user.additionalGids[{}]: {} is no id", i,
                             kNoId);
    }
  }
  if (user.umask.value_or(0) > 0777) {
    return InvalidArgument("process.user.umask: {:#o} is more than 0777",
                           *user.umask);
  }
  return absl::OkStatus();
}

struct CapabilitySetRow {
  std::string_view name;
  std::vector<std::string> Capabilities::*set;
};
constexpr CapabilitySetRow kCapabilitySets[] = {
    {"bounding", &Capabilities::bounding},
    {"effective", &Capabilities::effective},
    {"inheritable", &Capabilities::inheritable},
    {"permitted", &Capabilities::permitted},
    {"ambient", &Capabilities::ambient},
};

absl::Status CheckCapabilities(const Process& process) {
  if (!process.capabilities) return absl::OkStatus();
  for (const auto& [name, set] : kCapabilitySets) {
    const std::vector<std::string>& names = (*process.capabilities).*set;
    for (size_t i = 0; i < names.size(); ++i) {
      if (CapabilityNumber(names[i])) continue;
      return InvalidArgument("process.capabilities.{}[{}]: unknown value {}",
                             name, i, Quoted(names[i]));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckRlimits(const Process& process) {
  std::vector<int> seen;
  for (size_t i = 0; i < process.rlimits.size(); ++i) {
    const Rlimit& limit = process.rlimits[i];
    std::optional<int> number = ResourceNumber(limit.type);
    if (!number) {
      return InvalidArgument("process.rlimits[{}].type: unknown value {}", i,
                             Quoted(limit.type));
    }
    if (std::find(seen.begin(), seen.end(), *number) != seen.end()) {
      return InvalidArgument("process.rlimits[{}].type: {} comes twice", i,
                             limit.type);
    }
    seen.push_back(*number);
    if (limit.soft > limit.hard) {
      return InvalidArgument(
          "process.rlimits[{}].soft: {} is more than hard, {}", i, limit.soft,
          limit.hard);
    }
  }
  return absl::OkStatus();
}

absl::Status CheckOomScore(const Process& process) {
  int32_t score = process.oom_score_adj.value_or(0);
  if (score >= -1000 && score <= 1000) return absl::OkStatus();
  return InvalidArgument("process.oomScoreAdj: {} is not from -1000 to 1000",
                         score);
}

template <size_t N>
bool OneOf(std::string_view value, const std::string_view (&values)[N]) {
  return std::find(values, values + N, value) != values + N;
}

absl::Status CheckScheduler(const Process& process) {
  constexpr std::string_view kPolicies[] = {
      "SCHED_OTHER", "SCHED_FIFO", "SCHED_RR",      "SCHED_BATCH",
      "SCHED_ISO",   "SCHED_IDLE", "SCHED_DEADLINE"};
  constexpr std::string_view kFlags[] = {
      "SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RECLAIM",
      "SCHED_FLAG_DL_OVERRUN",    "SCHED_FLAG_KEEP_POLICY",
      "SCHED_FLAG_KEEP_PARAMS",   "SCHED_FLAG_UTIL_CLAMP_MIN",
      "SCHED_FLAG_UTIL_CLAMP_MAX"};
  if (!process.scheduler) return absl::OkStatus();
  const Scheduler& scheduler = *process.scheduler;
  if (!OneOf(scheduler.policy, kPolicies)) {
    return InvalidArgument("process.scheduler.policy: unknown value {}",
                           Quoted(scheduler.policy));
  }
  for (size_t i = 0; i < scheduler.flags.size(); ++i) {
    if (OneOf(scheduler.flags[i], kFlags)) continue;
    return InvalidArgument("process.scheduler.flags[{}]: unknown value {}", i,
                           Quoted(scheduler.flags[i]));
  }
  int32_t nice = scheduler.nice.value_or(0);
  if (nice < -20 || nice > 19) {
    return InvalidArgument("process.scheduler.nice: {} is not from -20 to 19",
                           nice);
  }
  return absl::OkStatus();
}

absl::Status CheckIoPriority(const Process& process) {
  constexpr std::string_view kClasses[] = {"IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE",
                                           "IOPRIO_CLASS_IDLE"};
  if (!process.io_priority) return absl::OkStatus();
  const IoPriority& io = *process.io_priority;
  if (!OneOf(io.io_class, kClasses)) {
    return InvalidArgument("process.ioPriority.class: unknown value {}",
                           Quoted(io.io_class));
  }
  if (io.priority < 0 || io.priority > 7) {
    return InvalidArgument("process.ioPriority.priority: {} is not from 0 to 7",
                           io.priority);
  }
  return absl::OkStatus();
}

constexpr absl::Status (*kChecks[])(const Process&) = {
    &CheckArgs,      &CheckEnv,        &CheckCwd,      &CheckConsoleSize,
    &CheckUser,      &CheckRlimits,    &CheckOomScore, &CheckCapabilities,
    &CheckScheduler, &CheckIoPriority,
};

}  // namespace

absl::Status ValidateEnvironment(const std::vector<std::string>& env,
                                 std::string_view field) {
  for (size_t i = 0; i < env.size(); ++i) {
    size_t equals = env[i].find('=');
    if (equals == env[i].npos || equals == 0) {
      return InvalidArgument("{}[{}]: {} is not of the form NAME=value", field,
                             i, Quoted(env[i]));
    }
    if (HasNul(env[i])) {
      return InvalidArgument("{}[{}]: NUL character", field, i);
    }
  }
  return absl::OkStatus();
}

absl::Status ValidateProcess(const Process& process) {
  for (auto check : kChecks) SYSBOX_RETURN_IF_ERROR(check(process));
  return absl::OkStatus();
}

std::vector<std::string> NormalizeProcess(Process& process) {
  std::vector<std::string> unknown;
  if (!process.capabilities) return unknown;
  for (const CapabilitySetRow& row : kCapabilitySets) {
    std::erase_if((*process.capabilities).*row.set,
                  [&](const std::string& name) {
                    if (CapabilityNumber(name)) return false;
                    unknown.push_back(name);
                    return true;
                  });
  }
  std::sort(unknown.begin(), unknown.end());
  unknown.erase(std::unique(unknown.begin(), unknown.end()), unknown.end());
  std::vector<std::string> warnings;
  for (const std::string& name : unknown) {
    warnings.push_back(fmt::format(
        "process.capabilities: ignoring unknown capability {}", Quoted(name)));
  }
  return warnings;
}

}  // namespace sysbox::oci
