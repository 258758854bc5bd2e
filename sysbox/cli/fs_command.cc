#include "sysbox/cli/fs_command.h"

#include <unistd.h>

#include <memory>
#include <string>

#include "sysbox/api/client.h"
#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/build_info.h"
#include "sysbox/cli/print.h"
#include "sysbox/cli/version_text.h"
#include "sysbox/fsd/debug_mount.h"

namespace sysbox::cli {
namespace {

constexpr FlagSpec Text(std::string_view name, std::string_view value,
                        std::string_view fallback, std::string_view help) {
  return {.name = name,
          .kind = ValueKind::kText,
          .value = value,
          .fallback = fallback,
          .help = help};
}

constexpr FlagSpec kMountpoint =
    Text("mountpoint", "DIR", "/var/lib/sysboxfs",
         "where the role alone shows its files: DIR/static and DIR/live");
constexpr FlagSpec kSocket =
    Text("manager-socket", "PATH", "/run/sysbox/sysbox.sock",
         "socket of the sysbox daemon, for ls and cat");
constexpr FlagSpec kLog =
    Text("log", "FILE", "", "append the log to FILE (default: standard error)");
constexpr FlagSpec kLogLevel =
    Text("log-level", "LEVEL", "info", "debug, info, warning, error or fatal");
constexpr FlagSpec kLogFormat =
    Text("log-format", "FORMAT", "text", "text or json");
// What sysbox-fs took about traps, which are the daemon's here.
constexpr FlagSpec kIgnored[] = {
    {.name = "allow-immutable-remounts", .hidden = true},
    {.name = "allow-immutable-unmounts", .fallback = "true", .hidden = true},
    {.name = "ignore-handler-errors", .hidden = true},
    {.name = "cpu-profiling", .hidden = true},
    {.name = "memory-profiling", .hidden = true},
    {.name = "seccomp-fd-release",
     .kind = ValueKind::kText,
     .fallback = "proc-exit",
     .hidden = true},
};

constexpr FlagSpec kFlags[] = {
    kMountpoint, kSocket,     kLog,        kLogLevel,
    kLogFormat,  kIgnored[0], kIgnored[1], kIgnored[2],
    kIgnored[3], kIgnored[4], kIgnored[5], kVersionFlag,
};

absl::Status ConfigureFsLog(const FlagValues& flags) {
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

absl::StatusOr<int> ServeAlone(const FlagValues& flags) {
  if (geteuid() != 0) {
    return absl::PermissionDeniedError("fs: must be run by root");
  }
  SYSBOX_RETURN_IF_ERROR(ConfigureFsLog(flags));
  for (const FlagSpec& flag : kIgnored) {
    if (flags.Has(flag)) {
      Log(LogLevel::kWarning, "--{} has no effect in this version", flag.name);
    }
  }
  SYSBOX_RETURN_IF_ERROR(fsd::ServeAtDirectory(flags.Text(kMountpoint)));
  return 0;
}

using Question = absl::StatusOr<std::string> (api::FileInspector::*)(
    const std::string& id, const std::string& path);
struct Verb {
  std::string_view name;
  Question question;
};
constexpr Verb kVerbs[] = {
    {"cat", &api::FileInspector::ReadFile},
    {"ls", &api::FileInspector::ListDirectory},
};

}  // namespace

absl::Span<const FlagSpec> FsFlags() { return kFlags; }

absl::StatusOr<int> RunFs(const Invocation& invocation) {
  const FlagValues& flags = invocation.flags;
  if (flags.Switch(kVersionFlag)) {
    SYSBOX_RETURN_IF_ERROR(Print(SysboxVersionText()));
    return 0;
  }
  const std::vector<std::string>& words = invocation.operands;
  if (words.empty()) return ServeAlone(flags);
  for (const Verb& verb : kVerbs) {
    if (verb.name != words[0] || words.size() != 3) continue;
    SYSBOX_ASSIGN_OR_RETURN(
        std::unique_ptr<api::FileInspector> inspector,
        api::ConnectFileInspector(flags.Text(kSocket), kVersion));
    SYSBOX_ASSIGN_OR_RETURN(
        const std::string text,
        (inspector.get()->*verb.question)(words[1], words[2]), "fs {} {}",
        words[0], words[1]);
    SYSBOX_RETURN_IF_ERROR(Print(text));
    return 0;
  }
  return InvalidArgument("fs: say `fs ls ID PATH`, `fs cat ID PATH`, or `fs`");
}

}  // namespace sysbox::cli
