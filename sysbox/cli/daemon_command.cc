#include "sysbox/cli/daemon_command.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sysbox/api/daemon_part.h"
#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/build_info.h"
#include "sysbox/cli/daemon_config.h"
#include "sysbox/cli/print.h"
#include "sysbox/cli/version_text.h"
#include "sysbox/emu/host_write_policy.h"
#include "sysbox/fsd/container_service.h"
#include "sysbox/keeper/keeper.h"
#include "sysbox/keeper/keeper_client.h"
#include "sysbox/linux/file.h"
#include "sysbox/trap/allowed_mounts.h"

namespace sysbox::cli {
namespace {

constexpr std::string_view kManagerAlone = "mgr";  // the command of that name

constexpr FlagSpec kConfig = {
    .name = "config",
    .kind = ValueKind::kText,
    .value = "FILE",
    .fallback = "/etc/sysbox/config.json",
    .help = "these flags as a JSON object; the command line's win"};
constexpr FlagSpec kDataRoot = {
    .name = "data-root",
    .kind = ValueKind::kText,
    .value = "DIR",
    .fallback = "/var/lib/sysbox",
    .help = "where the account of containers and ids is kept"};
constexpr FlagSpec kRunDir = {.name = "run-dir",
                              .kind = ValueKind::kText,
                              .value = "DIR",
                              .fallback = "/run/sysbox",
                              .help = "where the socket and the pid file go"};
constexpr FlagSpec kIdMode = {
    .name = "id-mode",
    .kind = ValueKind::kText,
    .value = "MODE",
    .fallback = "exclusive",
    .help =
        "exclusive: a range of ids for each container; shared: one range "
        "for all of them"};
constexpr FlagSpec kAllowHostWrites = {
    .name = "allow-host-writes",
    .kind = ValueKind::kText,
    .value = "LIST",
    .help =
        "sysctls that a container's write raises on the host, too: names "
        "(fs.file-max), groups of them (fs.inotify) or all, separated by "
        "commas; a container can exhaust the host's memory with some"};
constexpr FlagSpec kSharedDataRoot = {
    .name = "shared-data-root",
    .kind = ValueKind::kText,
    .value = "MODE",
    .fallback = "error",
    .help =
        "error: refuse a container whose inner engine would keep its data in "
        "a host directory that a running container's has; warn: only log it; "
        "allow: say nothing"};
constexpr FlagSpec kAliasDns = {
    .name = "alias-dns",
    .fallback = "true",
    .help =
        "false: leave Docker's resolver at 127.0.0.11, where containers "
        "inside a container cannot reach it"};
constexpr FlagSpec kAllowMounts = {
    .name = "allow-mounts",
    .kind = ValueKind::kText,
    .value = "TYPES",
    .help =
        "file systems that containers may mount besides those every user "
        "namespace may: nfs,ext4,...; trap/README.md has what that means"};
constexpr FlagSpec kLog = {.name = "log",
                           .alias = 'l',
                           .kind = ValueKind::kText,
                           .value = "FILE",
                           .help =
                               "append the log to FILE (default: standard "
                               "error)"};
constexpr FlagSpec kLogLevel = {.name = "log-level",
                                .kind = ValueKind::kText,
                                .value = "LEVEL",
                                .fallback = "info",
                                .help = "debug, info, warning, error or fatal"};
constexpr FlagSpec kLogFormat = {.name = "log-format",
                                 .kind = ValueKind::kText,
                                 .value = "FORMAT",
                                 .fallback = "text",
                                 .help = "text or json"};

// The administrator's defaults; SYSBOX_* variables of a container win.
struct PolicyRow {
  FlagSpec flag;
  bool api::Policy::*member;
};
constexpr PolicyRow kPolicyRows[] = {
    {{.name = "ignore-sysfs-chown", .help = "chown of /sys succeeds silently"},
     &api::Policy::ignore_sysfs_chown},
    {{.name = "allow-trusted-xattr",
      .help = "allow the extended attribute trusted.overlay.opaque"},
     &api::Policy::allow_trusted_xattr},
    {{.name = "honor-caps",
      .help = "give containers the capabilities that config.json says, rather "
              "than all of them to root and none to others"},
     &api::Policy::honor_caps},
    {{.name = "syscont-mode",
      .fallback = "true",
      .help = "false: regular containers, only with a user namespace"},
     &api::Policy::syscont_mode},
    {{.name = "relaxed-read-only",
      .help = "with a read-only rootfs, keep /sys and the data of engines "
              "writable"},
     &api::Policy::relaxed_read_only},
    {{.name = "kernel-files",
      .fallback = "true",
      .help = "false: containers do not see the host kernel's modules and "
              "headers"},
     &api::Policy::kernel_files},
    {{.name = "fsuid-map-fail-on-error",
      .help = "refuse a container with a mount that cannot be id-mapped"},
     &api::Policy::fsuid_map_fail_on_error},
    {{.name = "allow-immutable-remounts",
      .help = "let root in a container make its read-only mounts writable"},
     &api::Policy::allow_immutable_remounts},
    {{.name = "allow-immutable-unmounts",
      .fallback = "true",
      .help = "false: nor may it unmount them, or make them writable"},
     &api::Policy::allow_immutable_unmounts},
};

// What sysbox-mgr took and nothing here depends on.
constexpr FlagSpec Ignored(std::string_view name,
                           std::string_view fallback = {}) {
  return {.name = name, .fallback = fallback, .hidden = true};
}
constexpr FlagSpec kIgnored[] = {
    Ignored("disable-shiftfs"),
    Ignored("disable-shiftfs-on-fuse"),
    Ignored("disable-shiftfs-precheck"),
    Ignored("disable-idmapped-mount"),
    Ignored("disable-ovfs-on-idmapped-mount"),
    Ignored("disable-rootfs-cloning"),
    Ignored("disable-inner-image-preload"),
    Ignored("cpu-profiling"),
    Ignored("memory-profiling"),
};

constexpr FlagSpec kDaemonFlags[] = {
    kConfig,     kDataRoot,        kRunDir,    kIdMode,         kLog,
    kLogLevel,   kAllowHostWrites, kLogFormat, kSharedDataRoot, kAliasDns,
    kAllowMounts};

std::vector<FlagSpec> AllFlags(bool with_ignored) {
  std::vector<FlagSpec> flags(std::begin(kDaemonFlags), std::end(kDaemonFlags));
  for (const PolicyRow& row : kPolicyRows) flags.push_back(row.flag);
  if (with_ignored) {
    flags.insert(flags.end(), std::begin(kIgnored), std::end(kIgnored));
  }
  flags.push_back(kVersionFlag);
  return flags;
}

absl::Status ConfigureDaemonLog(const FlagValues& flags) {
  LogOptions options;
  options.path = flags.Text(kLog);
  if (!ParseLogLevel(flags.Text(kLogLevel), &options.level)) {
    return InvalidArgument("--log-level: unknown value \"{}\"",
                           flags.Text(kLogLevel));
  }
  if (!ParseLogFormat(flags.Text(kLogFormat), &options.format)) {
    return InvalidArgument("--log-format: unknown value \"{}\"",
                           flags.Text(kLogFormat));
  }
  return ConfigureLog(options);
}

std::string TakeVariable(const char* name) {
  const char* value = getenv(name);
  std::string result = value != nullptr ? value : "";
  unsetenv(name);  // not for our children
  return result;
}

// All roles in a worker, whose keeper this process becomes.
absl::StatusOr<int> RunKept(mgr::DaemonOptions options,
                            const emu::HostWritePolicy& host_writes,
                            std::vector<std::string> allowed_mounts) {
  keeper::KeeperOptions keeping;
  keeping.notify_socket = std::exchange(options.notify_socket, "");
  keeping.listen = {TakeVariable("LISTEN_PID"), TakeVariable("LISTEN_FDS"),
                    TakeVariable("LISTEN_FDNAMES")};
  return keeper::KeepWorker(
      keeping, [&](keeper::KeeperClient& keeper) -> absl::StatusOr<int> {
        SYSBOX_ASSIGN_OR_RETURN(
            std::unique_ptr<api::DaemonPart> containers,
            fsd::MakeContainerService({.run_dir = options.run_dir,
                                       .vault = &keeper,
                                       .host_writes = host_writes,
                                       .allowed_mounts = allowed_mounts}));
        options.parts.push_back(containers.get());
        options.vault = &keeper;
        options.on_ready = [&] {
          const absl::Status told = keeper.Ready();
          if (!told.ok()) Log(LogLevel::kError, "{}", MessageOf(told));
        };
        SYSBOX_RETURN_IF_ERROR(mgr::RunManagerDaemon(options));
        return 0;
      });
}

}  // namespace

absl::Span<const FlagSpec> DaemonFlags() {
  static const auto* const flags = new std::vector<FlagSpec>(AllFlags(false));
  return *flags;
}

absl::Span<const FlagSpec> ManagerFlags() {
  static const auto* const flags = new std::vector<FlagSpec>(AllFlags(true));
  return *flags;
}

absl::StatusOr<mgr::DaemonOptions> DaemonOptionsOf(const FlagValues& flags) {
  mgr::DaemonOptions options;
  options.registration.data_root = flags.Text(kDataRoot);
  std::optional<mgr::IdMode> mode = mgr::ParseIdMode(flags.Text(kIdMode));
  if (!mode.has_value()) {
    return InvalidArgument("--id-mode: unknown value \"{}\"",
                           flags.Text(kIdMode));
  }
  options.registration.id_mode = *mode;
  const auto sharing = mgr::ParseSharedDataRoot(flags.Text(kSharedDataRoot));
  if (!sharing.has_value()) {
    return InvalidArgument("--shared-data-root: unknown value \"{}\"",
                           flags.Text(kSharedDataRoot));
  }
  options.registration.shared_data_root = *sharing;
  for (const PolicyRow& row : kPolicyRows) {
    options.registration.policy.*row.member = flags.Switch(row.flag);
  }
  options.alias_dns = flags.Switch(kAliasDns);
  options.registration.policy.allow_mounts = !flags.Text(kAllowMounts).empty();
  options.run_dir = flags.Text(kRunDir);
  options.version = kVersion;
  const char* notify_socket = getenv("NOTIFY_SOCKET");
  if (notify_socket != nullptr) options.notify_socket = notify_socket;
  return options;
}

namespace {

// The command line's flags, and the file's.
absl::StatusOr<FlagValues> WithConfig(FlagValues flags) {
  const std::string path = flags.Text(kConfig);
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (ErrnoOf(text.status()) == ENOENT && !flags.Has(kConfig)) return flags;
  SYSBOX_RETURN_IF_ERROR(text.status(), "--config");
  SYSBOX_RETURN_IF_ERROR(AddConfig(ManagerFlags(), *text, &flags), "{}", path);
  return flags;
}

// What SIGHUP applies: the log, and what holds for new containers.
absl::StatusOr<mgr::RegistrationOptions> Reload(const FlagValues& given) {
  SYSBOX_ASSIGN_OR_RETURN(const FlagValues flags, WithConfig(given));
  SYSBOX_ASSIGN_OR_RETURN(const mgr::DaemonOptions options,
                          DaemonOptionsOf(flags));
  SYSBOX_RETURN_IF_ERROR(ConfigureDaemonLog(flags));
  return options.registration;
}

}  // namespace

absl::StatusOr<int> RunDaemon(const Invocation& invocation) {
  SYSBOX_ASSIGN_OR_RETURN(const FlagValues flags, WithConfig(invocation.flags));
  if (flags.Switch(kVersionFlag)) {
    SYSBOX_RETURN_IF_ERROR(Print(SysboxVersionText()));
    return 0;
  }
  SYSBOX_ASSIGN_OR_RETURN(mgr::DaemonOptions options, DaemonOptionsOf(flags));
  SYSBOX_ASSIGN_OR_RETURN(
      const emu::HostWritePolicy host_writes,
      emu::ParseHostWritePolicy(flags.Text(kAllowHostWrites)),
      "--allow-host-writes");
  options.reload = [given = invocation.flags] { return Reload(given); };
  SYSBOX_RETURN_IF_ERROR(ConfigureDaemonLog(flags));
  SYSBOX_ASSIGN_OR_RETURN(std::vector<std::string> allowed_mounts,
                          trap::ParseAllowedMounts(flags.Text(kAllowMounts)),
                          "--allow-mounts");
  if (geteuid() != 0) {
    return absl::PermissionDeniedError("the daemon must be run by root");
  }
  for (const FlagSpec& flag : kIgnored) {
    if (flags.Has(flag)) {
      Log(LogLevel::kWarning, "--{} has no effect in this version", flag.name);
    }
  }
  if (absl::Status raised = mgr::RaiseFileLimit(); !raised.ok()) {
    Log(LogLevel::kWarning, "{}", MessageOf(raised));
  }
  if (invocation.command.name != kManagerAlone) {
    return RunKept(std::move(options), host_writes, std::move(allowed_mounts));
  }
  SYSBOX_RETURN_IF_ERROR(mgr::RunManagerDaemon(options));
  return 0;
}

}  // namespace sysbox::cli
