#include "sysbox/cli/box_exec.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "sysbox/base/status.h"
#include "sysbox/cli/exec_command.h"
#include "sysbox/cli/exec_process.h"
#include "sysbox/cli/runtime_options.h"
#include "sysbox/cli/runtime_program.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/terminal.h"
#include "sysbox/runtime/container.h"
#include "sysbox/runtime/stop_signal.h"

namespace sysbox::cli {
namespace {

constexpr FlagSpec kEnv = {.name = "env",
                           .alias = 'e',
                           .kind = ValueKind::kList,
                           .value = "NAME[=VALUE]",
                           .help = "set a variable, or pass one on"};
constexpr FlagSpec kWorkdir = {.name = "workdir",
                               .alias = 'w',
                               .kind = ValueKind::kText,
                               .value = "DIR",
                               .help = "default: the container's"};
constexpr FlagSpec kTty = {
    .name = "tty",
    .alias = 't',
    .help = "give it a terminal (default: if standard input is one)"};
constexpr FlagSpec kInteractive = {
    .name = "interactive",
    .alias = 'i',
    .help = "no terminal unless -t: standard input is passed on as it is"};
constexpr FlagSpec kTime = {.name = "time",
                            .alias = 't',
                            .kind = ValueKind::kInteger,
                            .value = "SECONDS",
                            .fallback = "10",
                            .help = "how long it may take; then it is killed"};
constexpr FlagSpec kRoot = {.name = "root",
                            .kind = ValueKind::kText,
                            .value = "DIR",
                            .fallback = "/run/sysbox-runc",
                            .help = "directory of the containers' state"};
constexpr FlagSpec kExecFlags[] = {kEnv, kWorkdir,     kExecUser,
                                   kTty, kInteractive, kRoot};
constexpr FlagSpec kStopFlags[] = {kTime, kRoot};

bool WantsTerminal(const FlagValues& flags) {
  if (flags.Has(kTty)) return flags.Switch(kTty);
  return !flags.Switch(kInteractive) && IsTerminal(FdRef(STDIN_FILENO)) &&
         IsTerminal(FdRef(STDOUT_FILENO));
}

// In the words of the runtime's own `exec`.
std::vector<std::string> RuntimeArguments(const Invocation& invocation) {
  const FlagValues& flags = invocation.flags;
  std::vector<std::string> arguments;
  auto pass = [&](const FlagSpec& flag, std::string value) {
    arguments.push_back("--" + std::string(flag.name));
    arguments.push_back(std::move(value));
  };
  if (WantsTerminal(flags)) {
    arguments.push_back("--" + std::string(kExecTty.name));
  }
  for (std::string variable : flags.List(kEnv)) {
    if (variable.find('=') == variable.npos) {
      const char* value = getenv(variable.c_str());
      if (value == nullptr) continue;  // as with Docker
      variable += std::string("=") + value;
    }
    pass(kExecEnv, std::move(variable));
  }
  if (flags.Has(kWorkdir)) pass(kExecCwd, flags.Text(kWorkdir));
  if (flags.Has(kExecUser)) pass(kExecUser, flags.Text(kExecUser));
  std::vector<std::string> operands = invocation.operands;
  // As behind `run`'s flags.
  if (operands.size() > 1 && operands[1] == "--") {
    operands.erase(operands.begin() + 1);
  }
  arguments.insert(arguments.end(), operands.begin(), operands.end());
  if (operands.size() == 1) arguments.push_back("sh");
  return arguments;
}

absl::Status Stop(const std::string& root, const std::string& name,
                  int64_t seconds) {
  SYSBOX_ASSIGN_OR_RETURN(runtime::Container container,
                          runtime::Container::Load(root, name));
  const absl::StatusOr<Pidfd> init = container.Init();
  if (absl::IsFailedPrecondition(init.status())) {
    return absl::OkStatus();  // it has ended
  }
  SYSBOX_RETURN_IF_ERROR(init.status());
  const absl::Status asked = runtime::SignalInit(*init, SIGTERM);
  if (ErrnoOf(asked) == ESRCH) return absl::OkStatus();
  SYSBOX_RETURN_IF_ERROR(asked);
  const int64_t patience = std::clamp<int64_t>(seconds, 0, INT_MAX / 1000);
  SYSBOX_ASSIGN_OR_RETURN(
      const bool ended,
      WaitReadable(init->fd(), static_cast<int>(patience * 1000)));
  if (ended) return absl::OkStatus();
  const absl::Status killed = init->Signal(SIGKILL);
  if (!killed.ok() && ErrnoOf(killed) != ESRCH) return killed;
  return WaitReadable(init->fd(), -1).status();
}

}  // namespace

absl::Span<const FlagSpec> BoxExecFlags() { return kExecFlags; }
absl::Span<const FlagSpec> BoxStopFlags() { return kStopFlags; }

absl::StatusOr<int> RunBoxExec(const Invocation& invocation) {
  if (geteuid() != 0) return absl::PermissionDeniedError("exec: needs root");
  const std::vector<std::string> globals = {"--root=" +
                                            invocation.flags.Text(kRoot)};
  SYSBOX_ASSIGN_OR_RETURN(
      ParsedArguments place,
      ParseArguments(RuntimeGlobalFlags(), Order::kFlagsFirst, globals));
  SYSBOX_ASSIGN_OR_RETURN(ParsedArguments process,
                          ParseArguments(ExecFlags(), Order::kFlagsFirst,
                                         RuntimeArguments(invocation)));
  return RunExec({RuntimeProgram(), invocation.command, std::move(place.flags),
                  std::move(process.flags), std::move(process.operands)});
}

absl::StatusOr<int> RunBoxStop(const Invocation& invocation) {
  if (geteuid() != 0) return absl::PermissionDeniedError("stop: needs root");
  for (const std::string& name : invocation.operands) {
    SYSBOX_RETURN_IF_ERROR(Stop(invocation.flags.Text(kRoot), name,
                                invocation.flags.Integer(kTime)),
                           "stop \"{}\"", name);
  }
  return 0;
}

}  // namespace sysbox::cli
