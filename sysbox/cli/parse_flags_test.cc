#include "sysbox/cli/parse_flags.h"

#include <string>
#include <vector>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::cli {
namespace {

constexpr FlagSpec kBundle = {
    .name = "bundle", .alias = 'b', .kind = ValueKind::kText, .fallback = "."};
constexpr FlagSpec kDetach = {.name = "detach", .alias = 'd'};
constexpr FlagSpec kEnv = {
    .name = "env", .alias = 'e', .kind = ValueKind::kList};
constexpr FlagSpec kFds = {
    .name = "fds", .kind = ValueKind::kInteger, .fallback = "0"};
constexpr FlagSpec kInterval = {
    .name = "interval", .kind = ValueKind::kDuration, .fallback = "5s"};
constexpr FlagSpec kFlags[] = {kBundle, kDetach, kEnv, kFds, kInterval};

using Words = std::vector<std::string>;

ParsedArguments Parse(const Words& arguments, Order order = Order::kMixed) {
  return VALUE_OF(ParseArguments(kFlags, order, arguments));
}

std::string ErrorOf(const Words& arguments) {
  return std::string(
      ParseArguments(kFlags, Order::kMixed, arguments).status().message());
}

TEST_CASE("a value follows its flag, or stands behind an equals sign") {
  for (const Words& words :
       {Words{"--bundle", "x"}, Words{"--bundle=x"}, Words{"-bundle", "x"},
        Words{"-bundle=x"}, Words{"-b", "x"}, Words{"-b=x"}, Words{"--b=x"}}) {
    INFO(words[0]);
    CHECK(Parse(words).flags.Text(kBundle) == "x");
  }
  CHECK(Parse({"-b="}).flags.Text(kBundle).empty());
  CHECK(Parse({"-b", "--detach"}).flags.Text(kBundle) == "--detach");
}

TEST_CASE("an absent flag has its row's fallback") {
  FlagValues flags = Parse({}).flags;
  CHECK_FALSE(flags.Has(kBundle));
  CHECK(flags.Text(kBundle) == ".");
  CHECK_FALSE(flags.Switch(kDetach));
  CHECK(flags.Integer(kFds) == 0);
  CHECK(flags.Duration(kInterval) == absl::Seconds(5));
  CHECK(flags.List(kEnv).empty());
}

TEST_CASE("a switch takes a value only behind an equals sign") {
  CHECK(Parse({"-d"}).flags.Switch(kDetach));
  CHECK(Parse({"-d=T"}).flags.Switch(kDetach));
  CHECK_FALSE(Parse({"--detach=0"}).flags.Switch(kDetach));
  ParsedArguments parsed = Parse({"-d", "false"});
  CHECK(parsed.flags.Switch(kDetach));
  CHECK(parsed.operands == Words{"false"});
}

TEST_CASE("the last value counts, and a list has them all") {
  ParsedArguments parsed =
      Parse({"-b", "1", "-e", "A=1", "--bundle=2", "--env", "B=2=3"});
  CHECK(parsed.flags.Text(kBundle) == "2");
  CHECK(parsed.flags.List(kEnv) == Words{"A=1", "B=2=3"});
}

TEST_CASE("durations and negative numbers are values") {
  CHECK(Parse({"--interval", "1m30s"}).flags.Duration(kInterval) ==
        absl::Seconds(90));
  CHECK(Parse({"--fds", "-3"}).flags.Integer(kFds) == -3);
}

TEST_CASE("known flags may follow operands, unless these end the flags") {
  ParsedArguments mixed = Parse({"id", "-d", "KILL", "-9"});
  CHECK(mixed.flags.Switch(kDetach));
  CHECK(mixed.operands == Words{"id", "KILL", "-9"});
  ParsedArguments first =
      Parse({"-b", "x", "id", "ls", "-d", "--", "-l"}, Order::kFlagsFirst);
  CHECK(first.flags.Text(kBundle) == "x");
  CHECK_FALSE(first.flags.Has(kDetach));
  CHECK(first.operands == Words{"id", "ls", "-d", "--", "-l"});
}

TEST_CASE("two dashes end the flags, one is an operand") {
  CHECK(Parse({"--", "-d", "--"}).operands == Words{"-d", "--"});
  CHECK(Parse({"-", "-d"}).operands == Words{"-"});
  CHECK(Parse({"", "x"}).operands == Words{"", "x"});
}

TEST_CASE("unparsed arguments are all operands") {
  CHECK(Parse({"--x", "-d", "--"}, Order::kUnparsed).operands ==
        Words{"--x", "-d", "--"});
}

TEST_CASE("errors are worded as Go's flag package words them") {
  CHECK(ErrorOf({"--bogus"}) == "flag provided but not defined: -bogus");
  CHECK(ErrorOf({"-z=1"}) == "flag provided but not defined: -z");
  CHECK(ErrorOf({"--bundle"}) == "flag needs an argument: -bundle");
  CHECK(ErrorOf({"-b"}) == "flag needs an argument: -b");
  CHECK(ErrorOf({"---d"}) == "bad flag syntax: ---d");
  CHECK(ErrorOf({"--=d"}) == "bad flag syntax: --=d");
  CHECK(ErrorOf({"--fds=x"}) ==
        "invalid value \"x\" for flag -fds: parse error");
  CHECK(ErrorOf({"--fds=99999999999999999999"}) ==
        "invalid value \"99999999999999999999\" for flag -fds: parse error");
  CHECK(ErrorOf({"-d=maybe"}) ==
        "invalid boolean value \"maybe\" for -d: parse error");
  CHECK(ErrorOf({"--interval", "5"}) ==
        "invalid value \"5\" for flag -interval: parse error");
}

}  // namespace
}  // namespace sysbox::cli
