// The process that `exec` asks for: the container's own, with what the flags
// change, as runc does it. Pure.
#ifndef SYSBOX_CLI_EXEC_PROCESS_H_
#define SYSBOX_CLI_EXEC_PROCESS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/cli/parse_flags.h"
#include "sysbox/oci/spec.h"

namespace sysbox::cli {

// The flags that describe the process.
inline constexpr FlagSpec kExecCwd = {
    .name = "cwd",
    .kind = ValueKind::kText,
    .value = "DIR",
    .help = "working directory in the container"};
inline constexpr FlagSpec kExecEnv = {.name = "env",
                                      .alias = 'e',
                                      .kind = ValueKind::kList,
                                      .value = "NAME=VALUE",
                                      .help = "add a variable"};
inline constexpr FlagSpec kExecTty = {
    .name = "tty", .alias = 't', .help = "give it a terminal"};
inline constexpr FlagSpec kExecUser = {.name = "user",
                                       .alias = 'u',
                                       .kind = ValueKind::kText,
                                       .value = "UID[:GID]",
                                       .help = "ids in the container"};
inline constexpr FlagSpec kExecAdditionalGids = {.name = "additional-gids",
                                                 .alias = 'g',
                                                 .kind = ValueKind::kList,
                                                 .value = "GID",
                                                 .help = "add a group"};
inline constexpr FlagSpec kExecProcessLabel = {.name = "process-label",
                                               .kind = ValueKind::kText,
                                               .value = "LABEL",
                                               .help = "SELinux label"};
inline constexpr FlagSpec kExecApparmor = {.name = "apparmor",
                                           .kind = ValueKind::kText,
                                           .value = "PROFILE",
                                           .help = "AppArmor profile"};
inline constexpr FlagSpec kExecNoNewPrivs = {
    .name = "no-new-privs",
    .help = "the process and its children gain no privileges by execve(2)"};
inline constexpr FlagSpec kExecCap = {.name = "cap",
                                      .alias = 'c',
                                      .kind = ValueKind::kList,
                                      .value = "CAPABILITY",
                                      .help = "add a capability"};

// `base` is the container's process, `args` the program and its arguments.
absl::StatusOr<oci::Process> ExecProcess(const oci::Process& base,
                                         const FlagValues& flags,
                                         absl::Span<const std::string> args);

// The first thing wrong with it. Capabilities without a known name are dropped
// with a warning in the log, as those of config.json are.
absl::Status CheckExecProcess(oci::Process& process);

// "UID[:GID]"; a missing GID leaves `user`'s.
absl::Status SetUser(std::string_view text, oci::User& user);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_EXEC_PROCESS_H_
