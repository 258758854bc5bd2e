#include "sysbox/cli/parse_flags.h"

#include <array>
#include <optional>

#include "absl/strings/string_view.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"

namespace sysbox::cli {
namespace {

// strconv.ParseBool's.
constexpr std::array<std::string_view, 6> kTrue = {"1",    "t",    "T",
                                                   "TRUE", "true", "True"};
constexpr std::array<std::string_view, 6> kFalse = {"0",     "f",     "F",
                                                    "FALSE", "false", "False"};

std::optional<bool> ParseSwitch(std::string_view text) {
  for (std::string_view name : kTrue) {
    if (text == name) return true;
  }
  for (std::string_view name : kFalse) {
    if (text == name) return false;
  }
  return std::nullopt;
}

bool IsOfKind(ValueKind kind, std::string_view value) {
  absl::Duration duration;
  switch (kind) {
    case ValueKind::kSwitch:
      return ParseSwitch(value).has_value();
    case ValueKind::kInteger:
      return ParseInt64(value).has_value();
    case ValueKind::kDuration:
      return absl::ParseDuration(ToAbsl(value), &duration);
    case ValueKind::kText:
    case ValueKind::kList:
      return true;
  }
  return false;
}

// One argument taken apart: "--name=value" → name, value.
struct Token {
  bool is_flag = false;
  bool bad_syntax = false;  // "---x", "--=x"
  std::string_view name;
  std::optional<std::string_view> value;
};

Token Tokenize(std::string_view argument) {
  Token token;
  if (argument.size() < 2 || argument[0] != '-') return token;
  token.is_flag = true;
  token.name = argument.substr(argument[1] == '-' ? 2 : 1);
  size_t equals = token.name.find('=');
  if (equals != std::string_view::npos) {
    token.value = token.name.substr(equals + 1);
    token.name = token.name.substr(0, equals);
  }
  token.bad_syntax = token.name.empty() || token.name[0] == '-';
  return token;
}

const FlagSpec* FindFlag(absl::Span<const FlagSpec> flags,
                         std::string_view name) {
  for (const FlagSpec& flag : flags) {
    if (flag.name == name) return &flag;
    if (flag.alias != 0 && name.size() == 1 && name[0] == flag.alias) {
      return &flag;
    }
  }
  return nullptr;
}

class Parser {
 public:
  Parser(absl::Span<const FlagSpec> flags, Order order,
         absl::Span<const std::string> arguments)
      : flags_(flags), order_(order), arguments_(arguments) {}

  absl::StatusOr<ParsedArguments> Parse() {
    while (next_ < arguments_.size()) {
      std::string_view argument = arguments_[next_];
      if (argument == "--") {
        ++next_;
        break;
      }
      Token token = Tokenize(argument);
      if (TakesAsOperand(token)) {
        out_.operands.emplace_back(argument);
        ++next_;
        if (order_ == Order::kFlagsFirst) break;
        continue;
      }
      SYSBOX_RETURN_IF_ERROR(ParseFlag(token, argument));
    }
    out_.operands.insert(out_.operands.end(), arguments_.begin() + next_,
                         arguments_.end());
    return std::move(out_);
  }

 private:
  bool TakesAsOperand(const Token& token) const {
    if (!token.is_flag) return true;
    return !out_.operands.empty() && FindFlag(flags_, token.name) == nullptr;
  }

  absl::Status ParseFlag(const Token& token, std::string_view argument) {
    if (token.bad_syntax) {
      return InvalidArgument("bad flag syntax: {}", argument);
    }
    const FlagSpec* flag = FindFlag(flags_, token.name);
    if (flag == nullptr) {
      return InvalidArgument("flag provided but not defined: -{}", token.name);
    }
    ++next_;
    if (token.value.has_value()) {
      return out_.flags.Add(*flag, token.name, std::string(*token.value));
    }
    if (flag->kind == ValueKind::kSwitch) {
      return out_.flags.Add(*flag, token.name, "true");
    }
    if (next_ == arguments_.size()) {
      return InvalidArgument("flag needs an argument: -{}", token.name);
    }
    return out_.flags.Add(*flag, token.name, arguments_[next_++]);
  }

  absl::Span<const FlagSpec> flags_;
  Order order_;
  absl::Span<const std::string> arguments_;
  size_t next_ = 0;
  ParsedArguments out_;
};

}  // namespace

absl::Status FlagValues::Add(const FlagSpec& flag, std::string_view given_name,
                             std::string value) {
  if (!IsOfKind(flag.kind, value)) {
    return flag.kind == ValueKind::kSwitch
               ? InvalidArgument(
                     "invalid boolean value \"{}\" for -{}: parse error", value,
                     given_name)
               : InvalidArgument(
                     "invalid value \"{}\" for flag -{}: parse "
                     "error",
                     value, given_name);
  }
  values_.emplace_back(flag.name, std::move(value));
  return absl::OkStatus();
}

const std::string* FlagValues::Find(const FlagSpec& flag) const {
  for (auto entry = values_.rbegin(); entry != values_.rend(); ++entry) {
    if (entry->first == flag.name) return &entry->second;
  }
  return nullptr;
}

std::string FlagValues::Text(const FlagSpec& flag) const {
  const std::string* value = Find(flag);
  return value != nullptr ? *value : std::string(flag.fallback);
}

bool FlagValues::Switch(const FlagSpec& flag) const {
  return ParseSwitch(Text(flag)).value_or(false);
}

int64_t FlagValues::Integer(const FlagSpec& flag) const {
  return ParseInt64(Text(flag)).value_or(0);
}

absl::Duration FlagValues::Duration(const FlagSpec& flag) const {
  absl::Duration duration;
  (void)absl::ParseDuration(Text(flag), &duration);  // Add checked it
  return duration;
}

std::vector<std::string> FlagValues::List(const FlagSpec& flag) const {
  std::vector<std::string> list;
  for (const auto& [name, value] : values_) {
    if (name == flag.name) list.push_back(value);
  }
  return list;
}

absl::StatusOr<ParsedArguments> ParseArguments(
    absl::Span<const FlagSpec> flags, Order order,
    absl::Span<const std::string> arguments) {
  if (order == Order::kUnparsed) {
    return ParsedArguments{{}, {arguments.begin(), arguments.end()}};
  }
  return Parser(flags, order, arguments).Parse();
}

}  // namespace sysbox::cli
