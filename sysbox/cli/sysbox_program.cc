#include "sysbox/cli/sysbox_program.h"

#include <unistd.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "fmt/format.h"
#include "sysbox/base/status.h"
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

constexpr CommandSpec kRuntime = {
    .name = "runc",
    .operands = "COMMAND",
    .summary = "the OCI runtime; same as sysbox-runc",
    .order = Order::kUnparsed,
    .run = RunRuntime,
};

const ProgramSpec& Program() {
  static const std::array<CommandSpec, 2> commands = {{
      {.name = "spec",
       .summary = "write a config.json to begin with",
       .flags = SpecFlags(),
       .run = RunSpec},
      kRuntime,
  }};
  static const ProgramSpec program = {
      .name = "sysbox",
      .summary = "containers that act like machines",
      .description = "",
      .globals = kGlobalFlags,
      .commands = commands,
      .version = SysboxVersionText,
      .prepare = Prepare,
      .report = Report,
  };
  return program;
}

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

const ProgramSpec& SysboxProgram() { return Program(); }

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
