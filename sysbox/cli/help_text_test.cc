#include "sysbox/cli/help_text.h"

#include <set>
#include <string>

#include "absl/strings/str_split.h"
#include "catch2/catch.hpp"
#include "sysbox/cli/runtime_program.h"
#include "sysbox/cli/sysbox_program.h"

namespace sysbox::cli {
namespace {

constexpr FlagSpec kFlags[] = {
    {.name = "bundle",
     .alias = 'b',
     .kind = ValueKind::kText,
     .value = "DIR",
     .fallback = ".",
     .help = "the bundle, which is a directory that holds a config.json and a "
             "root filesystem"},
    {.name = "env", .kind = ValueKind::kList, .help = "add a variable"},
    {.name = "secret", .help = "not shown", .hidden = true},
};
constexpr CommandSpec kCommands[] = {
    {.name = "create",
     .operands = "<container-id>",
     .summary = "create a container",
     .description = "It waits for `start`.",
     .flags = kFlags},
    {.name = "ghost", .summary = "not shown", .hidden = true},
    {.name = "start", .summary = "start a container"},
};
constexpr ProgramSpec kProgram = {
    .name = "box",
    .summary = "an example",
    .description = "Does nothing.",
    .globals = {},
    .commands = kCommands,
    .version = nullptr,
    .prepare = nullptr,
    .report = nullptr,
};

TEST_CASE("a command's help has usage, description and flags") {
  CHECK(CommandHelp(kProgram, kCommands[0]) ==
        R"(box create: create a container

usage: box create [flags] <container-id>

It waits for `start`.

Flags
  -b, --bundle DIR  the bundle, which is a directory that holds a config.json
                    and a root filesystem (default: .)
  --env VALUE       add a variable (may be repeated)
  -h, --help        show this help
)");
}

TEST_CASE("a program's help lists what is not hidden") {
  CHECK(ProgramHelp(kProgram) == R"(box: an example

usage: box [flags] COMMAND [arguments]

Does nothing.

Commands
  create  create a container
  start   start a container
  help    show the help of a command

Flags
  -h, --help  show this help

`box help COMMAND` tells more.
)");
}

void CheckFlags(absl::Span<const FlagSpec> flags) {
  std::set<std::string> names = {"help", "h"};
  for (const FlagSpec& flag : flags) {
    INFO(flag.name);
    CHECK(names.insert(std::string(flag.name)).second);
    if (flag.alias != 0) {
      CHECK(names.insert(std::string(1, flag.alias)).second);
    }
    CHECK((flag.hidden || !flag.help.empty()));
  }
}

void CheckWidth(const std::string& help) {
  for (absl::string_view line : absl::StrSplit(help, '\n')) {
    INFO(std::string(line));
    // Usage lines are as long as they are.
    CHECK((line.size() <= 80 || line.substr(0, 6) == "usage:"));
  }
}

TEST_CASE(
    "tables are sound: names unique, everything explained, no overlong "
    "lines") {
  for (const ProgramSpec* program : {&RuntimeProgram(), &SysboxProgram()}) {
    INFO(program->name);
    CheckFlags(program->globals);
    CheckWidth(ProgramHelp(*program));
    std::set<std::string> names = {"help"};
    for (const CommandSpec& command : program->commands) {
      INFO(command.name);
      CHECK(names.insert(std::string(command.name)).second);
      CHECK_FALSE(command.summary.empty());
      CHECK(command.run != nullptr);
      CheckFlags(command.flags);
      CheckWidth(CommandHelp(*program, command));
    }
  }
}

}  // namespace
}  // namespace sysbox::cli
