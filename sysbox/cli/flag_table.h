// The rows that a command line is made of. One constexpr row per flag and per
// command drives parsing, help and tests; a row's constant is also what code
// asks values by, so a flag that is not in a table cannot be asked for by a
// misspelt name.
#ifndef SYSBOX_CLI_FLAG_TABLE_H_
#define SYSBOX_CLI_FLAG_TABLE_H_

#include <cstdint>
#include <string_view>

#include "absl/types/span.h"

namespace sysbox::cli {

enum class ValueKind : uint8_t {
  kSwitch,    // --flag, --flag=false
  kText,      // the last one counts
  kList,      // may be given several times
  kInteger,   // 64 bits, signed
  kDuration,  // "5s", "1m30s"
};

struct FlagSpec {
  std::string_view name;  // without dashes
  char alias = 0;         // one letter; 0: none
  ValueKind kind = ValueKind::kSwitch;
  std::string_view value = {};     // what stands for the value in the help
  std::string_view fallback = {};  // value when the flag is absent
  std::string_view help = {};
  bool hidden = false;  // accepted, not shown
};

// Whether flags may follow operands.
enum class Order : uint8_t {
  kMixed,       // `delete ID --force`
  kFlagsFirst,  // `exec ID ls -l`: what follows ID is the program's
  kUnparsed,    // everything is an operand
};

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_FLAG_TABLE_H_
