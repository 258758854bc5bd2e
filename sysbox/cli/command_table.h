// A program of commands as a table: `sysbox` and `sysbox-runc` are two such.
// Plain data; program.h runs it, help_text.h explains it.
#ifndef SYSBOX_CLI_COMMAND_TABLE_H_
#define SYSBOX_CLI_COMMAND_TABLE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/cli/flag_table.h"
#include "sysbox/cli/parse_flags.h"

namespace sysbox::cli {

struct CommandSpec;
struct ProgramSpec;

// One call of one command.
struct Invocation {
  const ProgramSpec& program;
  const CommandSpec& command;
  FlagValues globals;
  FlagValues flags;
  std::vector<std::string> operands;
};

inline constexpr int kAnyNumber = -1;

struct CommandSpec {
  std::string_view name;
  std::string_view operands = {};  // in the usage line: "<container-id>"
  std::string_view summary = {};   // one line
  std::string_view description = {};
  int min_operands = 0;
  int max_operands = 0;  // or kAnyNumber
  Order order = Order::kMixed;
  absl::Span<const FlagSpec> flags = {};
  // The exit code, or what went wrong.
  absl::StatusOr<int> (*run)(const Invocation& invocation) = nullptr;
  int failure_code = 1;
  bool hidden = false;
};

struct ProgramSpec {
  std::string_view name;
  std::string_view summary;
  std::string_view description = {};
  absl::Span<const FlagSpec> globals;
  absl::Span<const CommandSpec> commands;
  std::string (*version)();
  // Before the command: log and so on.
  absl::Status (*prepare)(const FlagValues& globals);
  // Tells the user of an error.
  void (*report)(const FlagValues& globals, std::string_view message);
  int unknown_command_code = 1;
};

// Flags of every program and every command.
inline constexpr FlagSpec kHelpFlag = {
    .name = "help", .alias = 'h', .help = "show this help"};
inline constexpr FlagSpec kVersionFlag = {
    .name = "version", .alias = 'v', .help = "print the version"};

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_COMMAND_TABLE_H_
