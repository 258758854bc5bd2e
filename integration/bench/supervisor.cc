#include "integration/bench/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <optional>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "integration/bench/cgroup_directories.h"
#include "integration/bench/precedence.h"
#include "integration/bench/private_world.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/process.h"

namespace sysbox::bench {
namespace {

constexpr char kScratchParent[] = "/var/tmp";
constexpr std::string_view kPrefix = "sysbox-bench-";

sigset_t HandledSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) sigaddset(&set, signal);
  return set;
}

// What supervisors that were killed with SIGKILL have left.
void SweepLeftovers() {
  auto is_stale = [](const std::string& name) {
    if (name.compare(0, kPrefix.size(), kPrefix) != 0) return false;
    const auto pid = ParseUint64(std::string_view(name).substr(kPrefix.size()));
    return pid.has_value() && kill(static_cast<pid_t>(*pid), 0) != 0;
  };
  const auto scratch = ListDirectory(kScratchParent);
  for (const std::string& name : scratch.value_or(std::vector<std::string>())) {
    if (is_stale(name)) {
      // A leftover costs room, not correctness.
      (void)RemoveTree(fmt::format("{}/{}", kScratchParent, name));
    }
  }
  for (const std::string& name : ListCgroupDirectories()) {
    if (is_stale(name)) (void)RemoveCgroupDirectories(name);  // likewise
  }
}

[[noreturn]] void BeWorker(const std::function<int(const World&)>& work,
                           World world) {
  (void)SetParentDeathSignal(SIGKILL);  // cannot fail
  // The supervisor's mask would hold for every program started from here.
  const sigset_t handled = HandledSignals();
  sigprocmask(SIG_UNBLOCK, &handled, nullptr);
  const absl::Status entered = EnterPrivateWorld(&world);
  int code = 1;
  if (entered.ok()) {
    TakePrecedence(world.cgroup);
    code = work(world);
  } else {
    fmt::print(stderr, "bench: {}\n", MessageOf(entered));
  }
  fflush(nullptr);
  _exit(code);
}

// Until the worker has ended, by itself or because somebody asked.
absl::StatusOr<int> Await(OwnedChild worker) {
  const sigset_t handled = HandledSignals();
  bool interrupted = false;
  for (;;) {
    const int signal = sigwaitinfo(&handled, nullptr);
    if (signal == SIGCHLD && !worker.pidfd().Alive()) break;
    if (signal < 0 || signal == SIGCHLD) continue;
    interrupted = true;
    // Already gone is as good.
    (void)worker.pidfd().Signal(SIGKILL);
  }
  SYSBOX_ASSIGN_OR_RETURN(ExitStatus status, worker.Wait());
  return interrupted ? 130 : status.ShellCode();
}

}  // namespace

absl::StatusOr<int> Supervise(const std::function<int(const World&)>& work) {
  if (geteuid() != 0) return absl::PermissionDeniedError("needs root");
  const sigset_t handled = HandledSignals();
  sigprocmask(SIG_BLOCK, &handled, nullptr);
  SweepLeftovers();
  World world;
  world.cgroup = fmt::format("{}{}", kPrefix, getpid());
  world.scratch = fmt::format("{}/{}", kScratchParent, world.cgroup);
  absl::Cleanup remove = [&] {
    for (const absl::Status& status :
         {RemoveCgroupDirectories(world.cgroup), RemoveTree(world.scratch)}) {
      if (!status.ok()) fmt::print(stderr, "bench: {}\n", MessageOf(status));
    }
  };
  SYSBOX_RETURN_IF_ERROR(MakeDirectory(world.scratch, 0755));
  SYSBOX_RETURN_IF_ERROR(MakeCgroupDirectories(world.cgroup));
  fflush(nullptr);
  SYSBOX_ASSIGN_OR_RETURN(std::optional<OwnedChild> worker,
                          Clone({.flags = CLONE_NEWPID | CLONE_NEWNS}));
  if (!worker.has_value()) BeWorker(work, std::move(world));
  return Await(*std::move(worker));
}

}  // namespace sysbox::bench
