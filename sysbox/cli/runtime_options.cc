#include "sysbox/cli/runtime_options.h"

#include <unistd.h>

#include <cstdlib>

#include "fmt/format.h"
#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/file.h"

namespace sysbox::cli {
namespace {

constexpr int64_t kMaxPreservedFds = 1024;
constexpr int kFirstPassedFd = 3;

constexpr FlagSpec kDebug = {.name = "debug", .help = "log more"};
constexpr FlagSpec kLog = {.name = "log",
                           .kind = ValueKind::kText,
                           .value = "FILE",
                           .help =
                               "append the log to FILE (default: standard "
                               "error)"};
constexpr FlagSpec kLogFormat = {.name = "log-format",
                                 .kind = ValueKind::kText,
                                 .value = "FORMAT",
                                 .fallback = "text",
                                 .help = "format of the log, text or json"};
constexpr FlagSpec kRoot = {
    .name = "root",
    .kind = ValueKind::kText,
    .value = "DIR",
    .fallback = "/run/sysbox-runc",
    .help = "directory of the containers' state; belongs on a tmpfs"};
constexpr FlagSpec kSystemdCgroup = {
    .name = "systemd-cgroup",
    .help =
        "have systemd make the cgroups; cgroupsPath is then "
        "\"slice:prefix:name\""};
constexpr FlagSpec kCgroupManager = {.name = "cgroup-manager",
                                     .kind = ValueKind::kText,
                                     .value = "DRIVER",
                                     .help =
                                         "who makes the cgroups, cgroupfs "
                                         "or systemd (as with crun)"};
constexpr FlagSpec kNoSysboxMgr = {
    .name = "no-sysbox-mgr",
    .help =
        "use no manager: every container gets ids 231072..296607. For "
        "tests only"};
constexpr FlagSpec kNoSysboxFs = {
    .name = "no-sysbox-fs",
    .help = "do without the emulation of /proc and /sys. For tests only"};
constexpr FlagSpec kNoKernelCheck = {
    .name = "no-kernel-check", .help = "run on kernels older than 5.12, too"};
constexpr FlagSpec kManagerSocket = {.name = "manager-socket",
                                     .kind = ValueKind::kText,
                                     .value = "PATH",
                                     .fallback = "/run/sysbox/sysbox.sock",
                                     .help = "socket of the sysbox daemon"};
constexpr FlagSpec kDataRoot = {
    .name = "data-root",
    .kind = ValueKind::kText,
    .value = "DIR",
    .fallback = "/var/lib/sysbox",
    .help = "the manager's data, when no daemon runs"};
// runc's; there is nothing that they could change here.
constexpr FlagSpec kCriu = {
    .name = "criu", .kind = ValueKind::kText, .hidden = true};
constexpr FlagSpec kRootless = {
    .name = "rootless", .kind = ValueKind::kText, .hidden = true};

constexpr FlagSpec kGlobalFlags[] = {
    kDebug,         kLog,         kLogFormat,  kRoot,          kSystemdCgroup,
    kCgroupManager, kNoSysboxMgr, kNoSysboxFs, kNoKernelCheck, kManagerSocket,
    kDataRoot,      kVersionFlag, kCriu,       kRootless,
};

bool LogsToStderr(const FlagValues& globals) {
  std::string path = globals.Text(kLog);
  return path.empty() || path == "/dev/stderr";
}

absl::StatusOr<bool> UseSystemd(const FlagValues& globals) {
  std::string manager = globals.Text(kCgroupManager);
  if (manager.empty()) return globals.Switch(kSystemdCgroup);
  if (manager == "systemd") return true;
  if (manager == "cgroupfs") return false;
  return InvalidArgument("--cgroup-manager: unknown value \"{}\"", manager);
}

std::string RootOf(const FlagValues& globals) {
  const char* xdg = getenv("XDG_RUNTIME_DIR");
  if (!globals.Has(kRoot) && geteuid() != 0 && xdg != nullptr) {
    return fmt::format("{}/sysbox-runc", xdg);
  }
  return globals.Text(kRoot);
}

}  // namespace

absl::Span<const FlagSpec> RuntimeGlobalFlags() { return kGlobalFlags; }

absl::StatusOr<RuntimeOptions> RuntimeOptionsOf(const FlagValues& globals) {
  RuntimeOptions options;
  options.root = RootOf(globals);
  SYSBOX_ASSIGN_OR_RETURN(options.systemd_cgroup, UseSystemd(globals));
  options.no_manager = globals.Switch(kNoSysboxMgr);
  options.no_emulation = globals.Switch(kNoSysboxFs);
  options.skip_kernel_check = globals.Switch(kNoKernelCheck);
  options.manager_socket = globals.Text(kManagerSocket);
  options.data_root = globals.Text(kDataRoot);
  return options;
}

absl::StatusOr<int> PreserveFdsOf(int64_t count, int before) {
  if (count < 0 || count > kMaxPreservedFds) {
    return InvalidArgument("--preserve-fds: {} is not within 0..{}", count,
                           kMaxPreservedFds);
  }
  const int first = kFirstPassedFd + before;
  for (int fd = first; fd < first + static_cast<int>(count); ++fd) {
    if (IsInherited(fd)) continue;
    return InvalidArgument("--preserve-fds: {}: descriptor {} is not open",
                           count, fd);
  }
  return static_cast<int>(count);
}

absl::Status ConfigureRuntimeLog(const FlagValues& globals) {
  LogOptions options;
  if (globals.Switch(kDebug)) options.level = LogLevel::kDebug;
  std::string format = globals.Text(kLogFormat);
  if (!ParseLogFormat(format, &options.format)) {
    return InvalidArgument("invalid log-format: {}", format);
  }
  if (!LogsToStderr(globals)) options.path = globals.Text(kLog);
  return ConfigureLog(options);
}

void ReportRuntimeError(const FlagValues& globals, std::string_view message) {
  LogMessage(LogLevel::kError, message);
  if (LogsToStderr(globals)) return;
  // Nobody is left to tell if this fails.
  (void)WriteAll(FdRef(STDERR_FILENO), fmt::format("{}\n", message));
}

}  // namespace sysbox::cli
