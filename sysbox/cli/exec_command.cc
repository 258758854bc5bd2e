#include "sysbox/cli/exec_command.h"

#include <memory>
#include <string>
#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/cli/exec_process.h"
#include "sysbox/cli/manager_choice.h"
#include "sysbox/cli/runtime_options.h"
#include "sysbox/linux/file.h"
#include "sysbox/oci/spec_json.h"
#include "sysbox/runtime/container.h"
#include "sysbox/runtime/exec.h"
#include "sysbox/runtime/foreground.h"

namespace sysbox::cli {
namespace {

constexpr size_t kMaxProcessFile = size_t{8} << 20;

constexpr FlagSpec kProcess = {
    .name = "process",
    .alias = 'p',
    .kind = ValueKind::kText,
    .value = "FILE",
    .help =
        "the whole process, as config.json's \"process\"; the other flags "
        "that describe it are ignored then"};
constexpr FlagSpec kConsoleSocket = {
    .name = "console-socket",
    .kind = ValueKind::kText,
    .value = "PATH",
    .help = "Unix socket that receives the master end of the terminal"};
constexpr FlagSpec kDetach = {
    .name = "detach", .alias = 'd', .help = "do not wait for the process"};
constexpr FlagSpec kPidFile = {.name = "pid-file",
                               .kind = ValueKind::kText,
                               .value = "FILE",
                               .help = "write the process id to FILE"};
constexpr FlagSpec kPreserveFds = {
    .name = "preserve-fds",
    .kind = ValueKind::kInteger,
    .value = "N",
    .fallback = "0",
    .help = "pass N further file descriptors on, from 3 up"};
constexpr FlagSpec kIgnorePaused = {
    .name = "ignore-paused",
    .help = "also in a paused container; it runs when that is resumed"};
constexpr FlagSpec kCgroup = {
    .name = "cgroup",
    .kind = ValueKind::kList,
    .value = "[CONTROLLER:]PATH",
    .help = "run in cgroup PATH below the container's, which must exist"};
constexpr FlagSpec kNoSubreaper = {.name = "no-subreaper", .hidden = true};

constexpr FlagSpec kExecFlags[] = {
    kConsoleSocket,    kExecCwd,      kExecEnv,
    kExecTty,          kExecUser,     kExecAdditionalGids,
    kProcess,          kDetach,       kPidFile,
    kExecProcessLabel, kExecApparmor, kExecNoNewPrivs,
    kExecCap,          kPreserveFds,  kIgnorePaused,
    kCgroup,           kNoSubreaper,
};

absl::StatusOr<oci::Process> ProcessOf(const Invocation& invocation,
                                       const runtime::Container& container) {
  if (!invocation.flags.Has(kProcess)) {
    const std::optional<oci::Process>& base = container.state().config.process;
    return ExecProcess(base.value_or(oci::Process()), invocation.flags,
                       absl::MakeConstSpan(invocation.operands).subspan(1));
  }
  std::string path = invocation.flags.Text(kProcess);
  SYSBOX_ASSIGN_OR_RETURN(std::string text, ReadFile(path, kMaxProcessFile),
                          "--process");
  absl::StatusOr<oci::Process> process = oci::ParseProcess(text);
  SYSBOX_RETURN_IF_ERROR(process.status(), "{}", path);
  SYSBOX_RETURN_IF_ERROR(CheckExecProcess(*process), "{}", path);
  return process;
}

// runc's wording.
absl::Status CheckTerminal(const runtime::ExecOptions& options) {
  bool terminal = options.process.terminal;
  bool socket = !options.console_socket.empty();
  if (terminal && options.detach && !socket) {
    return InvalidArgument(
        "cannot allocate tty if runc will detach without setting console "
        "socket");
  }
  if (socket && !(terminal && options.detach)) {
    return InvalidArgument(
        "cannot use console socket if runc will not detach or allocate tty");
  }
  return absl::OkStatus();
}

absl::StatusOr<runtime::ExecOptions> ExecOptionsOf(
    const Invocation& invocation, const runtime::Container& container) {
  const FlagValues& flags = invocation.flags;
  runtime::ExecOptions options;
  SYSBOX_ASSIGN_OR_RETURN(options.process, ProcessOf(invocation, container));
  options.console_socket = flags.Text(kConsoleSocket);
  options.pid_file = flags.Text(kPidFile);
  options.detach = flags.Switch(kDetach);
  options.ignore_paused = flags.Switch(kIgnorePaused);
  options.cgroups = flags.List(kCgroup);
  SYSBOX_RETURN_IF_ERROR(CheckTerminal(options));
  SYSBOX_ASSIGN_OR_RETURN(options.preserve_fds,
                          PreserveFdsOf(flags.Integer(kPreserveFds), 0));
  return options;
}

absl::StatusOr<int> Exec(const Invocation& invocation) {
  SYSBOX_ASSIGN_OR_RETURN(RuntimeOptions globals,
                          RuntimeOptionsOf(invocation.globals));
  SYSBOX_ASSIGN_OR_RETURN(
      runtime::Container container,
      runtime::Container::Load(globals.root, invocation.operands[0]));
  SYSBOX_ASSIGN_OR_RETURN(runtime::ExecOptions options,
                          ExecOptionsOf(invocation, container));
  const std::unique_ptr<api::Manager> manager =
      ChooseManager(globals, WithoutDaemon::kFail);
  options.manager = manager.get();
  runtime::Foreground foreground;
  if (!options.detach) {
    SYSBOX_ASSIGN_OR_RETURN(
        foreground,
        runtime::Foreground::Prepare(!invocation.flags.Switch(kNoSubreaper)));
  }
  SYSBOX_ASSIGN_OR_RETURN(launch::Launched launched,
                          runtime::ExecInContainer(container, options));
  if (options.detach) {
    launched.init.Release();
    return 0;
  }
  SYSBOX_ASSIGN_OR_RETURN(
      ExitStatus status, foreground.Await(std::move(launched.init),
                                          std::move(launched.terminal_master)));
  return status.ShellCode();
}

}  // namespace

absl::Span<const FlagSpec> ExecFlags() { return kExecFlags; }

absl::StatusOr<int> RunExec(const Invocation& invocation) {
  SYSBOX_ASSIGN_OR_RETURN(int code, Exec(invocation), "exec failed");
  return code;
}

}  // namespace sysbox::cli
