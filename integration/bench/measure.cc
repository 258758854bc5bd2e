#include "integration/bench/measure.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "absl/strings/str_join.h"
#include "sysbox/base/status.h"

namespace sysbox::bench {
namespace {

constexpr char kPath[] =
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const std::string& string : strings) {
    pointers.push_back(const_cast<char*>(string.c_str()));
  }
  pointers.push_back(nullptr);
  return pointers;
}

double InMs(const timespec& time) {
  return static_cast<double>(time.tv_sec) * 1e3 +
         static_cast<double>(time.tv_nsec) / 1e6;
}

double InMs(const timeval& time) {
  return static_cast<double>(time.tv_sec) * 1e3 +
         static_cast<double>(time.tv_usec) / 1e3;
}

absl::Status CheckExit(const CommandLine& command, int status) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return absl::OkStatus();
  return Internal("`{}` ended with {} {}", absl::StrJoin(command.args, " "),
                  WIFEXITED(status) ? "status" : "signal",
                  WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

}  // namespace

double NowMs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return InMs(now);
}

absl::StatusOr<double> CpuTimeMs(pid_t pid) {
  clockid_t clock;
  timespec used;
  if (clock_getcpuclockid(pid, &clock) != 0 ||
      clock_gettime(clock, &used) != 0) {
    return ErrnoStatus(errno, fmt::format("CPU time of process {}", pid));
  }
  return InMs(used);
}

absl::StatusOr<pid_t> Spawn(const CommandLine& command, const Streams& streams,
                            const std::vector<std::string>& extra_env) {
  std::vector<std::string> env = extra_env;
  env.emplace_back(kPath);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, streams.null.get(), 0);
  posix_spawn_file_actions_adddup2(&actions, streams.out.get(), 1);
  posix_spawn_file_actions_adddup2(&actions, streams.error.get(), 2);
  // The supervisor's signal mask is not the runtimes' business.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  pid_t pid = -1;
  const int error =
      posix_spawn(&pid, command.program.c_str(), &actions, &attributes,
                  Pointers(command.args).data(), Pointers(env).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    return ErrnoStatus(error, fmt::format("posix_spawn {}", command.program));
  }
  return pid;
}

absl::StatusOr<Sample> Measure(const CommandLine& command,
                               const Streams& streams) {
  Sample sample;
  const double begin = NowMs();
  SYSBOX_ASSIGN_OR_RETURN(pid_t pid, Spawn(command, streams));
  int status = 0;
  rusage usage = {};
  if (wait4(pid, &status, 0, &usage) != pid) return ErrnoStatus(errno, "wait4");
  sample.wall_ms = NowMs() - begin;
  sample.cpu_ms = InMs(usage.ru_utime) + InMs(usage.ru_stime);
  SYSBOX_RETURN_IF_ERROR(CheckExit(command, status));
  return sample;
}

absl::StatusOr<double> MeasureAtOnce(absl::Span<const CommandLine> commands,
                                     const Streams& streams) {
  std::vector<pid_t> pids;
  const double begin = NowMs();
  for (const CommandLine& command : commands) {
    SYSBOX_ASSIGN_OR_RETURN(pid_t pid, Spawn(command, streams));
    pids.push_back(pid);
  }
  absl::Status result;
  for (size_t i = 0; i < pids.size(); ++i) {
    int status = 0;
    if (wait4(pids[i], &status, 0, nullptr) != pids[i]) {
      return ErrnoStatus(errno, "wait4");
    }
    result.Update(CheckExit(commands[i], status));
  }
  const double elapsed = NowMs() - begin;
  if (!result.ok()) return result;
  return elapsed;
}

absl::Status Reap(pid_t pid) {
  if (wait4(pid, nullptr, 0, nullptr) == pid) return absl::OkStatus();
  return ErrnoStatus(errno, fmt::format("wait4 process {}", pid));
}

}  // namespace sysbox::bench
