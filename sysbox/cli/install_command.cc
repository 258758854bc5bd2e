#include "sysbox/cli/install_command.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/cli/apparmor_profile.h"
#include "sysbox/cli/docker_config.h"
#include "sysbox/cli/host_use.h"
#include "sysbox/cli/install_service.h"
#include "sysbox/cli/program_files.h"
#include "sysbox/cli/steps.h"
#include "sysbox/ids/subid_entry.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/inotify.h"
#include "sysbox/linux/process.h"

namespace sysbox::cli {
namespace {

constexpr FlagSpec kDocker = {.name = "docker",
                              .help = "(un)register the runtime with Docker"};
constexpr FlagSpec kConfig = {.name = "config",
                              .kind = ValueKind::kText,
                              .value = "FILE",
                              .fallback = "/etc/docker/daemon.json",
                              .help = "Docker's configuration"};
constexpr FlagSpec kPidFile = {.name = "docker-pid-file",
                               .kind = ValueKind::kText,
                               .value = "FILE",
                               .fallback = "/var/run/docker.pid",
                               .help = "tells which process is dockerd"};
constexpr FlagSpec kNoReload = {
    .name = "no-reload", .help = "do not make dockerd read its configuration"};
constexpr FlagSpec kPrefix = {.name = "prefix",
                              .kind = ValueKind::kText,
                              .value = "DIR",
                              .fallback = "/usr",
                              .help = "the program goes to DIR/bin"};
constexpr FlagSpec kNoService = {.name = "no-service",
                                 .help = "leave systemd alone"};
constexpr FlagSpec kDryRun = {
    .name = "dry-run", .alias = 'n', .help = "only say what would be done"};
constexpr FlagSpec kForce = {
    .name = "force",
    .alias = 'f',
    .help = "although system containers run: they lose what Sysbox serves"};
constexpr FlagSpec kInstallFlags[] = {kDocker, kConfig,    kPidFile, kNoReload,
                                      kPrefix, kNoService, kDryRun};
constexpr FlagSpec kUninstallFlags[] = {kDocker,   kConfig, kPidFile,
                                        kNoReload, kPrefix, kNoService,
                                        kForce,    kDryRun};

// A process that is dockerd, and stays named as such.
absl::StatusOr<Pidfd> FindDockerd(const std::string& pid_file) {
  SYSBOX_ASSIGN_OR_RETURN(std::string text, ReadFile(pid_file));
  std::optional<uint64_t> pid =
      ParseUint64(ToStd(absl::StripAsciiWhitespace(text)));
  if (!pid.has_value() || *pid < 2 || *pid > INT32_MAX) {
    return InvalidArgument("{}: not a process id", pid_file);
  }
  SYSBOX_ASSIGN_OR_RETURN(Pidfd process, OpenPidfd(static_cast<pid_t>(*pid)));
  SYSBOX_ASSIGN_OR_RETURN(std::string name,
                          ReadFile(fmt::format("/proc/{}/comm", *pid)));
  // The pid file outlives a dockerd that was killed.
  if (name != "dockerd\n") {
    return NotFound("process {} is not dockerd", *pid);
  }
  return process;
}

// Returns when it has read the file, as far as that can be seen.
absl::Status ReloadNow(const Pidfd& dockerd, const std::string& config) {
  constexpr int kPatienceMs = 5000;
  const absl::StatusOr<Fd> read = WatchPath(config, IN_CLOSE_NOWRITE);
  SYSBOX_RETURN_IF_ERROR(dockerd.Signal(SIGHUP));
  if (read.ok()) (void)WaitReadable(*read, kPatienceMs);
  return absl::OkStatus();
}

absl::Status ReloadDocker(const FlagValues& flags, const std::string& config,
                          const Steps& steps) {
  if (flags.Switch(kNoReload)) return absl::OkStatus();
  absl::StatusOr<Pidfd> dockerd = FindDockerd(flags.Text(kPidFile));
  if (!dockerd.ok()) {
    return steps.Say("dockerd does not run: nothing to reload");
  }
  return steps.Do(fmt::format("reload dockerd (process {})", dockerd->pid()),
                  [&] { return ReloadNow(*dockerd, config); });
}

struct ConfigFile {
  std::string path;  // symbolic links followed
  std::string text;  // empty if there is none
  mode_t mode = 0644;
};

absl::StatusOr<ConfigFile> ReadConfig(const std::string& path) {
  ConfigFile file = {path, "", 0644};
  absl::StatusOr<std::string> real = RealPath(path);
  if (ErrnoOf(real.status()) == ENOENT) return file;
  SYSBOX_ASSIGN_OR_RETURN(file.path, std::move(real));
  SYSBOX_ASSIGN_OR_RETURN(file.text, ReadFile(file.path));
  SYSBOX_ASSIGN_OR_RETURN(struct stat info, StatAt(FdRef::Cwd(), file.path));
  file.mode = info.st_mode & 07777;
  return file;
}

absl::Status WriteConfig(const ConfigFile& file, const std::string& text) {
  size_t slash = file.path.rfind('/');
  if (slash != std::string::npos && slash != 0) {
    SYSBOX_RETURN_IF_ERROR(MakeDirectories(file.path.substr(0, slash), 0755));
  }
  return ReplaceFile(file.path, text, file.mode);
}

absl::Status RegisterWithDocker(const FlagValues& flags, const Steps& steps) {
  std::string runtime = RuntimePathBelow(flags.Text(kPrefix));
  SYSBOX_ASSIGN_OR_RETURN(ConfigFile file, ReadConfig(flags.Text(kConfig)));
  SYSBOX_ASSIGN_OR_RETURN(std::string text, AddRuntime(file.text, runtime),
                          "{}", file.path);
  if (text == file.text) {
    return steps.Say(
        fmt::format("{}: has the runtime {} already", file.path, kRuntimeName));
  }
  SYSBOX_RETURN_IF_ERROR(steps.Do(fmt::format("register runtime {} ({}) in {}",
                                              kRuntimeName, runtime, file.path),
                                  [&] { return WriteConfig(file, text); }));
  return ReloadDocker(flags, file.path, steps);
}

absl::Status UnregisterFromDocker(const FlagValues& flags, const Steps& steps) {
  SYSBOX_ASSIGN_OR_RETURN(ConfigFile file, ReadConfig(flags.Text(kConfig)));
  SYSBOX_ASSIGN_OR_RETURN(std::string text, RemoveRuntime(file.text), "{}",
                          file.path);
  if (text == file.text) {
    return steps.Say(
        fmt::format("{}: has no runtime {}", file.path, kRuntimeName));
  }
  SYSBOX_ASSIGN_OR_RETURN(const std::string for_dockerd,
                          RemoveRuntime(file.text, EmptyRuntimes::kKept));
  SYSBOX_RETURN_IF_ERROR(steps.Do(
      fmt::format("take runtime {} out of {}", kRuntimeName, file.path),
      [&] { return WriteConfig(file, for_dockerd); }));
  SYSBOX_RETURN_IF_ERROR(ReloadDocker(flags, file.path, steps));
  if (steps.dry_run() || text == for_dockerd) return absl::OkStatus();
  return WriteConfig(file, text);
}

// A file that is not there has no entries.
std::string TextOf(const std::string& path) {
  return ReadFile(path).value_or("");
}

absl::Status InstallIds(const Steps& steps) {
  SubidPaths paths;
  absl::StatusOr<SubidPlan> plan =
      PlanSubids(kSubidOwner, kSubidPoolSize, TextOf(paths.subuid),
                 TextOf(paths.subgid), TextOf(paths.login_defs));
  SYSBOX_RETURN_IF_ERROR(plan.status(), "subordinate ids");
  if (!plan->add_uids && !plan->add_gids) {
    return steps.Say(fmt::format("{} and {}: have ids for \"{}\" already",
                                 paths.subuid, paths.subgid, kSubidOwner));
  }
  return steps.Do(
      fmt::format("add ids for \"{}\" to {} and {}", kSubidOwner, paths.subuid,
                  paths.subgid),
      [&] {
        return EnsureSubids(kSubidOwner, kSubidPoolSize, paths).status();
      });
}

absl::Status Check(const FlagValues& flags) {
  if (!absl::StartsWith(flags.Text(kPrefix), "/")) {
    return InvalidArgument("--prefix: must be absolute");
  }
  if (flags.Switch(kDryRun) || geteuid() == 0) return absl::OkStatus();
  return absl::PermissionDeniedError("needs root");
}

// Which containers run; more than none only with --force.
absl::StatusOr<size_t> CheckContainers(const FlagValues& flags) {
  const absl::StatusOr<std::vector<std::string>> running = RunningContainers();
  if (flags.Switch(kForce)) return running.ok() ? running->size() : 0;
  SYSBOX_RETURN_IF_ERROR(
      running.status(),
      "cannot tell whether system containers run (--force goes on)");
  if (running->empty()) return 0;
  const bool one = running->size() == 1;
  return FailedPrecondition(
      "{} system container{}: stop {} first, or --force goes on, and {} what "
      "Sysbox serves (`sysbox ps` lists {})",
      running->size(), one ? " runs" : "s run", one ? "it" : "them",
      one ? "it loses" : "they lose", one ? "it" : "them");
}

// Who needs /run/sysbox when all else has been taken away.
std::string UserLeft(size_t containers) {
  if (containers != 0) return "the containers that run";
  if (!StopsService() && DaemonListens()) {
    return "the daemon that runs (not as a service: end it yourself)";
  }
  return "";
}

}  // namespace

absl::Span<const FlagSpec> InstallFlags() { return kInstallFlags; }
absl::Span<const FlagSpec> UninstallFlags() { return kUninstallFlags; }

absl::StatusOr<int> RunInstall(const Invocation& invocation) {
  const FlagValues& flags = invocation.flags;
  Steps steps(flags.Switch(kDryRun));
  SYSBOX_RETURN_IF_ERROR(Check(flags), "install");
  const std::string prefix = flags.Text(kPrefix);
  SYSBOX_ASSIGN_OR_RETURN(const bool renewed,
                          InstallProgramFiles(prefix, steps));
  SYSBOX_RETURN_IF_ERROR(InstallIds(steps));
  SYSBOX_RETURN_IF_ERROR(InstallAppArmorProfile(steps));
  if (!flags.Switch(kNoService)) {
    SYSBOX_RETURN_IF_ERROR(
        InstallService(ProgramPathBelow(prefix), renewed, steps));
  }
  if (!flags.Switch(kDocker)) return 0;
  SYSBOX_RETURN_IF_ERROR(RegisterWithDocker(flags, steps));
  const bool started = HasSystemd() && !flags.Switch(kNoService);
  SYSBOX_RETURN_IF_ERROR(
      steps.Say(fmt::format("Next: {}`docker run --runtime=sysbox-runc -it "
                            "debian`",
                            started ? "" : "`sysbox daemon &`, then ")));
  return 0;
}

absl::StatusOr<int> RunUninstall(const Invocation& invocation) {
  const FlagValues& flags = invocation.flags;
  Steps steps(flags.Switch(kDryRun));
  SYSBOX_RETURN_IF_ERROR(Check(flags), "uninstall");
  SYSBOX_ASSIGN_OR_RETURN(const size_t containers, CheckContainers(flags),
                          "uninstall");
  const std::string user_left = UserLeft(containers);
  // The entry first: Docker must not name a runtime that is gone.
  SYSBOX_RETURN_IF_ERROR(UnregisterFromDocker(flags, steps));
  SYSBOX_RETURN_IF_ERROR(RemoveService(steps));
  SYSBOX_RETURN_IF_ERROR(RemoveAppArmorProfile(steps));
  SYSBOX_RETURN_IF_ERROR(RemoveProgramFiles(flags.Text(kPrefix), steps));
  SYSBOX_RETURN_IF_ERROR(RemoveRunDirectories(user_left, steps));
  SYSBOX_RETURN_IF_ERROR(steps.Say(
      "kept: the ids in /etc/subuid and /etc/subgid, and /var/lib/sysbox"));
  return 0;
}

}  // namespace sysbox::cli
