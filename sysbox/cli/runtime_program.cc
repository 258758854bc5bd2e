#include "sysbox/cli/runtime_program.h"

#include <array>

#include "sysbox/base/status.h"
#include "sysbox/cli/events_command.h"
#include "sysbox/cli/exec_command.h"
#include "sysbox/cli/features_command.h"
#include "sysbox/cli/launch_commands.h"
#include "sysbox/cli/ps_command.h"
#include "sysbox/cli/runtime_options.h"
#include "sysbox/cli/spec_command.h"
#include "sysbox/cli/state_commands.h"
#include "sysbox/cli/update_command.h"
#include "sysbox/cli/version_text.h"

namespace sysbox::cli {
namespace {

constexpr std::string_view kId = "<container-id>";

// runc's, by CRIU, which cannot save what a system container is served.
absl::StatusOr<int> RunCheckpoint(const Invocation& invocation) {
  return FailedPrecondition(
      "{}: system containers cannot be checkpointed: CRIU does not save files "
      "of /proc and /sys that a daemon serves",
      invocation.command.name);
}

}  // namespace

// layout: allow long: the table of commands
const ProgramSpec& RuntimeProgram() {
  static const std::array<CommandSpec, 17> commands = {{
      {.name = "create",
       .operands = kId,
       .summary = "create a container, ready to be started",
       .description =
           "Makes a container of a bundle: a directory with a config.json\n"
           "(OCI runtime spec) and a root filesystem. Its program waits for\n"
           "`start`. The sysbox daemon must run.",
       .min_operands = 1,
       .max_operands = 1,
       .flags = CreateFlags(),
       .run = RunCreate},
      {.name = "start",
       .operands = kId,
       .summary = "start the program of a created container",
       .min_operands = 1,
       .max_operands = 1,
       .run = RunStart},
      {.name = "run",
       .operands = kId,
       .summary = "create and start a container, and stay until it ends",
       .description =
           "Signals go to the container's program, and its exit code becomes\n"
           "that of this command; 128 + n if signal n killed it. The "
           "container\n"
           "is deleted afterwards. Works without the sysbox daemon.",
       .min_operands = 1,
       .max_operands = 1,
       .flags = RunFlags(),
       .run = RunRun},
      {.name = "exec",
       .operands = "<container-id> <command> [arguments] || -p process.json "
                   "<container-id>",
       .summary = "run a further program in a container",
       .description =
           "The program gets the container's environment, user, directory and\n"
           "so on, unless flags say otherwise. Flags end at the container's "
           "id:\n"
           "what follows belongs to the program.\n\n"
           "Example: sysbox-runc exec -t -e LANG=C web ls -l /",
       .min_operands = 1,
       .max_operands = kAnyNumber,
       .order = Order::kFlagsFirst,
       .flags = ExecFlags(),
       .run = RunExec,
       .failure_code = 255},
      {.name = "state",
       .operands = kId,
       .summary = "print the state of a container as JSON",
       .min_operands = 1,
       .max_operands = 1,
       .run = RunState},
      {.name = "list",
       .summary = "list the containers below --root",
       .flags = ListFlags(),
       .run = RunList},
      {.name = "kill",
       .operands = "<container-id> [signal]",
       .summary = "send a signal to a container's first process",
       .description = "The signal is a name, with or without SIG, or a number; "
                      "SIGTERM by\n"
                      "default.",
       .min_operands = 1,
       .max_operands = 2,
       .flags = KillFlags(),
       .run = RunKill},
      {.name = "delete",
       .operands = kId,
       .summary = "remove a container that has ended, and all that is its",
       .min_operands = 1,
       .max_operands = 1,
       .flags = DeleteFlags(),
       .run = RunDelete},
      {.name = "ps",
       .operands = "<container-id> [ps options]",
       .summary = "list the processes of a container",
       .description =
           "As the host's ps(1) shows them, with the given options; -ef by\n"
           "default. The process ids are the host's.",
       .min_operands = 1,
       .max_operands = kAnyNumber,
       .order = Order::kFlagsFirst,
       .flags = PsFlags(),
       .run = RunPs},
      {.name = "pause",
       .operands = kId,
       .summary = "stop all processes of a container for a while",
       .min_operands = 1,
       .max_operands = 1,
       .run = RunPause},
      {.name = "resume",
       .operands = kId,
       .summary = "let a paused container go on",
       .min_operands = 1,
       .max_operands = 1,
       .run = RunResume},
      {.name = "update",
       .operands = kId,
       .summary = "change the resource limits of a container",
       .min_operands = 1,
       .max_operands = 1,
       .flags = UpdateFlags(),
       .run = RunUpdate},
      {.name = "events",
       .operands = kId,
       .summary = "print usage numbers and out-of-memory events as JSON lines",
       .description = "Ends with the container.",
       .min_operands = 1,
       .max_operands = 1,
       .flags = EventsFlags(),
       .run = RunEvents},
      {.name = "spec",
       .summary = "write a config.json to begin with",
       .flags = SpecFlags(),
       .run = RunSpec},
      {.name = "checkpoint",
       .summary = "not supported",
       .max_operands = kAnyNumber,
       .order = Order::kUnparsed,
       .run = RunCheckpoint,
       .hidden = true},
      {.name = "restore",
       .summary = "not supported",
       .max_operands = kAnyNumber,
       .order = Order::kUnparsed,
       .run = RunCheckpoint,
       .hidden = true},
      {.name = "features",
       .summary = "print what this runtime supports as JSON",
       .run = RunFeatures},
  }};
  static const ProgramSpec program = {
      .name = "sysbox-runc",
      .summary = "OCI runtime for containers that act like machines",
      .description =
          "Takes runc's command line. To be called by Docker, containerd, "
          "Podman\n"
          "or CRI-O, or by hand:\n\n"
          "  mkdir -p box/rootfs && tar -xf rootfs.tar -C box/rootfs\n"
          "  sysbox-runc spec -b box && sysbox-runc run -b box mybox",
      .globals = RuntimeGlobalFlags(),
      .commands = commands,
      .version = RuntimeVersionText,
      .prepare = ConfigureRuntimeLog,
      .report = ReportRuntimeError,
      .unknown_command_code = 3,
  };
  return program;
}

}  // namespace sysbox::cli
