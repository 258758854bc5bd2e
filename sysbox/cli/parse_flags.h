// Parses arguments by a table, with the rules of Go's flag package and of
// urfave/cli v1, which container managers count on: `--flag value`,
// `--flag=value`, one dash or two, "--" ends the flags, a lone "-" is an
// operand. Pure; the texts of errors are Go's.
#ifndef SYSBOX_CLI_PARSE_FLAGS_H_
#define SYSBOX_CLI_PARSE_FLAGS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "sysbox/cli/flag_table.h"

namespace sysbox::cli {

// The flags that were given, checked against their kinds.
class FlagValues {
 public:
  bool Has(const FlagSpec& flag) const { return Find(flag) != nullptr; }
  // Of the flag's kind; its row's fallback when it was not given.
  bool Switch(const FlagSpec& flag) const;
  std::string Text(const FlagSpec& flag) const;
  int64_t Integer(const FlagSpec& flag) const;
  absl::Duration Duration(const FlagSpec& flag) const;
  std::vector<std::string> List(const FlagSpec& flag) const;

  // InvalidArgument if `value` is not of the flag's kind.
  absl::Status Add(const FlagSpec& flag, std::string_view given_name,
                   std::string value);

 private:
  const std::string* Find(const FlagSpec& flag) const;  // the last one
  std::vector<std::pair<std::string_view, std::string>> values_;
};

struct ParsedArguments {
  FlagValues flags;
  std::vector<std::string> operands;
};

// With kMixed, an argument behind the first operand is a flag if `flags`
// knows it, and an operand otherwise.
absl::StatusOr<ParsedArguments> ParseArguments(
    absl::Span<const FlagSpec> flags, Order order,
    absl::Span<const std::string> arguments);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_PARSE_FLAGS_H_
