#include "sysbox/cli/program.h"

#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "catch2/catch.hpp"
#include "sysbox/base/status.h"

namespace sysbox::cli {
namespace {

// What the fakes below saw.
std::string g_call;
std::string g_report;

constexpr FlagSpec kFast = {.name = "fast", .alias = 'f'};
constexpr FlagSpec kFlags[] = {kFast};
constexpr FlagSpec kRoot = {.name = "root", .kind = ValueKind::kText};
constexpr FlagSpec kGlobals[] = {kRoot, kVersionFlag};

absl::StatusOr<int> Record(const Invocation& invocation) {
  g_call = absl::StrCat(std::string(invocation.command.name), "(",
                        absl::StrJoin(invocation.operands, ","), ")",
                        invocation.flags.Switch(kFast) ? " fast" : "", " ",
                        invocation.globals.Text(kRoot));
  return 42;
}
absl::StatusOr<int> Fail(const Invocation&) {
  return NotFound("container does not exist");
}

constexpr CommandSpec kCommands[] = {
    {.name = "one",
     .min_operands = 1,
     .max_operands = 1,
     .flags = kFlags,
     .run = Record},
    {.name = "some",
     .min_operands = 1,
     .max_operands = 2,
     .flags = kFlags,
     .run = Record},
    {.name = "any",
     .min_operands = 1,
     .max_operands = kAnyNumber,
     .order = Order::kFlagsFirst,
     .flags = kFlags,
     .run = Record},
    {.name = "raw", .order = Order::kUnparsed, .run = Record},
    {.name = "fail", .run = Fail, .failure_code = 255},
};
constexpr ProgramSpec kProgram = {
    .name = "box",
    .summary = "an example",
    .description = "",
    .globals = kGlobals,
    .commands = kCommands,
    .version = [] { return std::string(); },
    .prepare = [](const FlagValues& globals) -> absl::Status {
      if (globals.Text(kRoot) == "bad") return InvalidArgument("bad root");
      return absl::OkStatus();
    },
    .report = [](const FlagValues&,
                 std::string_view message) { g_report = message; },
    .unknown_command_code = 3,
};

int Run(const std::vector<std::string>& arguments) {
  g_call.clear();
  g_report.clear();
  return RunProgram(kProgram, arguments);
}

TEST_CASE("a command gets its flags, operands and globals") {
  CHECK(Run({"--root", "/r", "one", "-f", "id"}) == 42);
  CHECK(g_call == "one(id) fast /r");
  CHECK(Run({"one", "id", "--fast"}) == 42);
  CHECK(g_call == "one(id) fast ");
  CHECK(Run({"any", "id", "ls", "-f", "--help"}) == 42);
  CHECK(g_call == "any(id,ls,-f,--help) ");
  CHECK(Run({"raw", "-f", "--help"}) == 42);
  CHECK(g_call == "raw(-f,--help) ");
}

TEST_CASE("the number of operands is checked in runc's words") {
  CHECK(Run({"one"}) == 1);
  CHECK(g_report == "box: \"one\" requires exactly 1 argument(s)");
  CHECK(Run({"one", "a", "b"}) == 1);
  CHECK(g_report == "box: \"one\" requires exactly 1 argument(s)");
  CHECK(Run({"some"}) == 1);
  CHECK(g_report == "box: \"some\" requires a minimum of 1 argument(s)");
  CHECK(Run({"some", "a", "b", "c"}) == 1);
  CHECK(g_report == "box: \"some\" requires a maximum of 2 argument(s)");
  CHECK(g_call.empty());
}

TEST_CASE("errors are reported once, with the command's exit code") {
  CHECK(Run({"fail"}) == 255);
  CHECK(g_report == "container does not exist");
  CHECK(Run({"fail", "--bogus"}) == 1);  // it has not begun
  CHECK(g_report == "flag provided but not defined: -bogus");
  CHECK(Run({"--bogus"}) == 1);
  CHECK(g_report == "flag provided but not defined: -bogus");
  CHECK(Run({"--root", "bad", "one", "id"}) == 1);
  CHECK(g_report == "bad root");
  CHECK(Run({"bogus"}) == 3);
  CHECK(g_report == "unknown command \"bogus\"; `box help` lists them");
  CHECK(Run({"help", "bogus"}) == 3);
  CHECK(g_report == "no help topic for 'bogus'");
}

TEST_CASE("asking for help or the version runs no command") {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{},
                                             {"--help"},
                                             {"-h"},
                                             {"help"},
                                             {"help", "one"},
                                             {"one", "--help"},
                                             {"--version"},
                                             {"-v", "one"}}) {
    CHECK(Run(arguments) == 0);
    CHECK(g_call.empty());
    CHECK(g_report.empty());
  }
}

}  // namespace
}  // namespace sysbox::cli
