#include "sysbox/cli/program.h"

#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/base/status.h"
#include "sysbox/cli/help_text.h"
#include "sysbox/cli/parse_flags.h"
#include "sysbox/cli/print.h"

namespace sysbox::cli {
namespace {

// `flags` and --help, which every table has without saying so.
std::vector<FlagSpec> WithHelp(absl::Span<const FlagSpec> flags) {
  std::vector<FlagSpec> all(flags.begin(), flags.end());
  all.push_back(kHelpFlag);
  return all;
}

// runc's wording.
absl::Status CheckOperandCount(const ProgramSpec& program,
                               const CommandSpec& command, size_t count) {
  int given = static_cast<int>(count);
  const char* bound = nullptr;
  int limit = command.min_operands;
  if (command.min_operands == command.max_operands) {
    if (given != limit) bound = "exactly";
  } else if (given < limit) {
    bound = "a minimum of";
  } else if (command.max_operands != kAnyNumber &&
             given > command.max_operands) {
    limit = command.max_operands;
    bound = "a maximum of";
  }
  if (bound == nullptr) return absl::OkStatus();
  return InvalidArgument("{}: \"{}\" requires {} {} argument(s)", program.name,
                         command.name, bound, limit);
}

absl::StatusOr<int> PrintAndExit(const std::string& text) {
  SYSBOX_RETURN_IF_ERROR(Print(text));
  return 0;
}

absl::StatusOr<int> RunHelp(const ProgramSpec& program,
                            absl::Span<const std::string> topics) {
  if (topics.empty()) return PrintAndExit(ProgramHelp(program));
  const CommandSpec* command = FindCommand(program, topics[0]);
  if (command == nullptr) {
    return NotFound("no help topic for '{}'", topics[0]);
  }
  if (command->order == Order::kUnparsed) {
    std::vector<std::string> rest(topics.begin() + 1, topics.end());
    rest.insert(rest.begin(), "help");
    return command->run({program, *command, {}, {}, rest});
  }
  return PrintAndExit(CommandHelp(program, *command));
}

// `failure_code` becomes the command's once it is clear what is asked of it.
absl::StatusOr<int> RunCommandLine(const ProgramSpec& program,
                                   const CommandSpec& command,
                                   const FlagValues& globals,
                                   absl::Span<const std::string> arguments,
                                   int* failure_code) {
  SYSBOX_ASSIGN_OR_RETURN(
      ParsedArguments parsed,
      ParseArguments(WithHelp(command.flags), command.order, arguments));
  if (parsed.flags.Switch(kHelpFlag)) {
    return PrintAndExit(CommandHelp(program, command));
  }
  if (command.order != Order::kUnparsed) {
    SYSBOX_RETURN_IF_ERROR(
        CheckOperandCount(program, command, parsed.operands.size()));
  }
  *failure_code = command.failure_code;
  return command.run({program, command, globals, std::move(parsed.flags),
                      std::move(parsed.operands)});
}

int Report(const ProgramSpec& program, const FlagValues& globals,
           const absl::Status& status, int code) {
  program.report(globals, MessageOf(status));
  return code;
}

}  // namespace

const CommandSpec* FindCommand(const ProgramSpec& program,
                               std::string_view name) {
  for (const CommandSpec& command : program.commands) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

int RunProgram(const ProgramSpec& program,
               absl::Span<const std::string> arguments) {
  absl::StatusOr<ParsedArguments> parsed =
      ParseArguments(WithHelp(program.globals), Order::kFlagsFirst, arguments);
  if (!parsed.ok()) return Report(program, {}, parsed.status(), 1);
  const FlagValues& globals = parsed->flags;
  std::vector<std::string>& operands = parsed->operands;
  absl::Status prepared = program.prepare(globals);
  if (!prepared.ok()) return Report(program, {}, prepared, 1);

  absl::StatusOr<int> code = 0;
  int failure_code = 1;
  if (globals.Switch(kVersionFlag)) {
    code = PrintAndExit(program.version());
  } else if (globals.Switch(kHelpFlag) || operands.empty()) {
    code = PrintAndExit(ProgramHelp(program));
  } else if (operands[0] == "help" || operands[0] == "h") {
    code = RunHelp(program, absl::MakeConstSpan(operands).subspan(1));
    failure_code = program.unknown_command_code;
  } else if (const CommandSpec* command = FindCommand(program, operands[0])) {
    code =
        RunCommandLine(program, *command, globals,
                       absl::MakeConstSpan(operands).subspan(1), &failure_code);
  } else {
    code = NotFound("unknown command \"{}\"; `{} help` lists them", operands[0],
                    program.name);
    failure_code = program.unknown_command_code;
  }
  if (!code.ok()) return Report(program, globals, code.status(), failure_code);
  return *code;
}

}  // namespace sysbox::cli
