#include "sysbox/cli/sysbox_program.h"

#include <unistd.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/cli/box_commands.h"
#include "sysbox/cli/box_exec.h"
#include "sysbox/cli/box_remove.h"
#include "sysbox/cli/daemon_command.h"
#include "sysbox/cli/doctor_command.h"
#include "sysbox/cli/features_command.h"
#include "sysbox/cli/fs_command.h"
#include "sysbox/cli/install_command.h"
#include "sysbox/cli/program.h"
#include "sysbox/cli/runtime_program.h"
#include "sysbox/cli/spec_command.h"
#include "sysbox/cli/version_text.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/file.h"

namespace sysbox::cli {
namespace {

constexpr FlagSpec kGlobalFlags[] = {kVersionFlag};

absl::Status Prepare(const FlagValues&) { return absl::OkStatus(); }

void Report(const FlagValues&, std::string_view message) {
  // Nobody is left to tell if this fails.
  (void)WriteAll(FdRef(STDERR_FILENO), fmt::format("sysbox: {}\n", message));
}

absl::StatusOr<int> RunRuntime(const Invocation& invocation) {
  return RunProgram(RuntimeProgram(), invocation.operands);
}

}  // namespace

// layout: allow long: the table of commands
const ProgramSpec& SysboxProgram() {
  static const std::array<CommandSpec, 15> commands = {{
      {.name = "run",
       .operands = "[--] [command] [arguments]",
       .summary = "run a command in a container made of a directory",
       .description =
           "The container has its own root, ids, hostname and network; it is\n"
           "removed when the command ends, whose exit code is this one's.\n"
           "Without a command it is sh. Works without the daemon.\n\n"
           "  sysbox run --rootfs ./debian -- /sbin/init\n"
           "  sysbox run --rootfs ./debian -v /srv:/srv:ro -e LANG=C -- ls "
           "/srv",
       .max_operands = kAnyNumber,
       .order = Order::kFlagsFirst,
       .flags = BoxRunFlags(),
       .run = RunBox},
      {.name = "exec",
       .operands = "<container-id> [--] [command] [arguments]",
       .summary = "run a further command in a container of `run`",
       .description =
           "Flags end at the container's id: what follows belongs to the\n"
           "command, which is sh if there is none.",
       .min_operands = 1,
       .max_operands = kAnyNumber,
       .order = Order::kFlagsFirst,
       .flags = BoxExecFlags(),
       .run = RunBoxExec,
       .failure_code = 255},
      {.name = "stop",
       .operands = "<container-id>...",
       .summary = "end containers of `run`, as a machine is shut down",
       .min_operands = 1,
       .max_operands = kAnyNumber,
       .flags = BoxStopFlags(),
       .run = RunBoxStop},
      {.name = "ps",
       .summary = "list the containers, those of Docker included",
       .flags = BoxPlaceFlags(),
       .run = RunBoxPs},
      {.name = "inspect",
       .operands = "<container-id>",
       .summary = "print all that is known about a container, as JSON",
       .min_operands = 1,
       .max_operands = 1,
       .flags = BoxPlaceFlags(),
       .run = RunBoxInspect},
      {.name = "rm",
       .operands = "<container-id>...",
       .summary =
           "remove containers that have ended, or whose `run` was killed",
       .min_operands = 1,
       .max_operands = kAnyNumber,
       .flags = BoxRemoveFlags(),
       .run = RunBoxRemove},
      {.name = "doctor",
       .summary = "say what this host can do, and what mends the rest",
       .description =
           "Tries everything that containers need, and changes nothing. Ends\n"
           "with 1 if containers cannot run here.",
       .flags = DoctorFlags(),
       .run = RunDoctor},
      {.name = "install",
       .summary = "install the program, and register it with Docker",
       .description =
           "Copies this program to PREFIX/bin/sysbox with its other names, "
           "and\n"
           "sees to its ids in /etc/subuid and /etc/subgid. With --docker it\n"
           "adds the runtime sysbox-runc to Docker's configuration, keeps all\n"
           "else in it, and makes a running dockerd read it. Says what it "
           "does;\n"
           "does nothing twice.",
       .flags = InstallFlags(),
       .run = RunInstall},
      {.name = "uninstall",
       .summary = "undo `install`",
       .description =
           "Takes away what `install` put there, Docker's entry and the\n"
           "service included, and /run/sysbox unless somebody needs it. Keeps\n"
           "the ids, /var/lib/sysbox and /etc/sysbox. Refused while system\n"
           "containers run.",
       .flags = UninstallFlags(),
       .run = RunUninstall},
      {.name = "daemon",
       .summary =
           "serve the containers of Docker and others, in the foreground",
       .description =
           "Gives every container its ids, and takes them back when it has\n"
           "ended, also if nobody says so. Containers live on when it stops;\n"
           "a new one takes over. SIGTERM ends it.",
       .flags = DaemonFlags(),
       .run = RunDaemon},
      {.name = "mgr",
       .summary = "the manager alone; same as sysbox-mgr",
       .flags = ManagerFlags(),
       .run = RunDaemon},
      {.name = "fs",
       .operands = "[ls|cat ID PATH]",
       .summary = "show the files of /proc and /sys that a container is served",
       .description =
           "What the kernel itself shows a container is left out. Without\n"
           "operands, and as sysbox-fs: serves nobody's files at a directory,\n"
           "in the foreground, to look at.",
       .max_operands = 3,
       .flags = FsFlags(),
       .run = RunFs},
      {.name = "runc",
       .operands = "COMMAND",
       .summary = "the OCI runtime; same as sysbox-runc",
       .order = Order::kUnparsed,
       .run = RunRuntime},
      {.name = "spec",
       .summary = "write a config.json to begin with",
       .flags = SpecFlags(),
       .run = RunSpec},
      {.name = "features",
       .summary = "print what the runtime supports as JSON",
       .run = RunFeatures},
  }};
  static const ProgramSpec program = {
      .name = "sysbox",
      .summary = "containers that act like machines",
      .description =
          "Every container has a user namespace: its root is nobody on the "
          "host.\n"
          "systemd, Docker and the like run in it as on a machine of their "
          "own.",
      .globals = kGlobalFlags,
      .commands = commands,
      .version = SysboxVersionText,
      .prepare = Prepare,
      .report = Report,
  };
  return program;
}

namespace {

// Names of the binary that mean a command of `sysbox`.
struct Role {
  std::string_view called_as;
  std::string_view command;
};
constexpr std::array<Role, 4> kRoles = {{
    {"runc", "runc"},
    {"sysbox-fs", "fs"},
    {"sysbox-mgr", "mgr"},
    {"sysbox-runc", "runc"},
}};

}  // namespace

int RunSysbox(absl::Span<const std::string> arguments) {
  std::vector<std::string> rest;
  if (!arguments.empty()) {
    std::string_view name = arguments[0];
    name.remove_prefix(name.rfind('/') + 1);  // npos + 1 is 0
    for (const Role& role : kRoles) {
      if (role.called_as == name) rest.emplace_back(role.command);
    }
    rest.insert(rest.end(), arguments.begin() + 1, arguments.end());
  }
  return RunProgram(SysboxProgram(), rest);
}

}  // namespace sysbox::cli
