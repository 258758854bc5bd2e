// Arguments are the lines of the input. What parses has operands that were
// given, in their order, and values of their kinds.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "sysbox/cli/parse_flags.h"

namespace {

using sysbox::cli::FlagSpec;
using sysbox::cli::Order;
using sysbox::cli::ValueKind;

constexpr FlagSpec kFlags[] = {
    {.name = "bundle", .alias = 'b', .kind = ValueKind::kText},
    {.name = "detach", .alias = 'd'},
    {.name = "env", .alias = 'e', .kind = ValueKind::kList},
    {.name = "fds", .alias = 'n', .kind = ValueKind::kInteger},
    {.name = "interval", .alias = 'i', .kind = ValueKind::kDuration},
};

std::vector<std::string> LinesOf(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return lines;
}

void Check(bool condition) {
  if (!condition) abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<std::string> arguments =
      LinesOf({reinterpret_cast<const char*>(data), size});
  for (Order order : {Order::kMixed, Order::kFlagsFirst, Order::kUnparsed}) {
    auto parsed = sysbox::cli::ParseArguments(kFlags, order, arguments);
    if (!parsed.ok()) continue;
    size_t next = 0;
    for (const std::string& operand : parsed->operands) {
      while (next < arguments.size() && arguments[next] != operand) ++next;
      Check(next++ < arguments.size());
    }
    for (const FlagSpec& flag : kFlags) {
      Check(parsed->flags.Has(flag) || parsed->flags.List(flag).empty());
      (void)parsed->flags.Switch(flag);
      (void)parsed->flags.Integer(flag);
      (void)parsed->flags.Duration(flag);
    }
  }
  return 0;
}
