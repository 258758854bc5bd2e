#include "sysbox/emu/write_check.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"

namespace sysbox::emu {
namespace {

// proc_get_long() takes no longer ones, whatever they say.
constexpr size_t kMaxNumberLength = 20;

absl::Status Refused(std::string_view why) { return ErrnoStatus(EINVAL, why); }

// absl::ascii_isspace() is the kernel's isspace() but for 0xa0.
void SkipBlanks(std::string_view& text) {
  while (!text.empty() && absl::ascii_isspace(text.front())) {
    text.remove_prefix(1);
  }
}

std::optional<uint64_t> ParseMagnitude(std::string_view digits) {
  uint64_t base = 10;
  if (digits.size() > 2 && digits[0] == '0' &&
      (digits[1] == 'x' || digits[1] == 'X')) {
    base = 16;
    digits.remove_prefix(2);
  } else if (digits.size() > 1 && digits[0] == '0') {
    base = 8;
    digits.remove_prefix(1);
  }
  uint64_t value = 0;
  if (digits.empty()) return std::nullopt;
  for (const char c : digits) {
    uint64_t digit = 16;
    if (c >= '0' && c <= '9') digit = c - '0';
    if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
    if (c >= 'A' && c <= 'F') digit = c - 'A' + 10;
    if (digit >= base) return std::nullopt;
    if (__builtin_mul_overflow(value, base, &value) ||
        __builtin_add_overflow(value, digit, &value)) {
      return std::nullopt;
    }
  }
  return value;
}

std::optional<int64_t> ToSigned(const WrittenNumber& number) {
  constexpr uint64_t kMax = std::numeric_limits<int64_t>::max();
  if (number.magnitude > kMax) return std::nullopt;
  const auto value = static_cast<int64_t>(number.magnitude);
  return number.negative ? -value : value;
}

// The number as text, nullopt if nothing changes, EINVAL if it is refused.
absl::StatusOr<std::optional<std::string>> CheckNumber(
    const Check& check, const WrittenNumber& number) {
  if (check.kind == Check::Kind::kLongs) {
    if (number.negative) return std::optional<std::string>();
    if (number.magnitude < static_cast<uint64_t>(check.min) ||
        number.magnitude > check.max) {
      return Refused("check range");
    }
    return std::optional(fmt::to_string(number.magnitude));
  }
  const std::optional<int64_t> value = ToSigned(number);
  if (!value || *value < check.min ||
      *value > static_cast<int64_t>(check.max)) {
    return Refused("check range");
  }
  return std::optional(fmt::to_string(*value));
}

absl::StatusOr<std::string> AcceptNumbers(const Check& check,
                                          std::string_view data,
                                          std::string_view old) {
  SYSBOX_ASSIGN_OR_RETURN(std::vector<WrittenNumber> numbers,
                          ParseNumbers(data, check.count));
  std::vector<std::string> values =
      absl::StrSplit(ToAbsl(old), absl::ByAnyChar(" \t\n"), absl::SkipEmpty());
  values.resize(check.count, "0");
  for (size_t i = 0; i < numbers.size(); ++i) {
    SYSBOX_ASSIGN_OR_RETURN(std::optional<std::string> value,
                            CheckNumber(check, numbers[i]));
    if (value) values[i] = *std::move(value);
  }
  return absl::StrJoin(values, "\t");
}

// proc_dostring(): up to a newline or NUL; what is too long is cut.
std::string_view Line(std::string_view data, size_t max) {
  data = data.substr(0, std::min(data.find('\n'), data.find('\0')));
  return data.substr(0, max);
}

absl::StatusOr<std::string> AcceptWord(const Check& check,
                                       std::string_view data) {
  const std::string_view word = ToStd(
      absl::StripTrailingAsciiWhitespace(ToAbsl(Line(data, data.size()))));
  const std::vector<absl::string_view> words =
      absl::StrSplit(ToAbsl(check.words), ' ');
  for (const absl::string_view known : words) {
    if (ToStd(known) == word) return std::string(word);
  }
  return Refused("look up word");
}

}  // namespace

absl::StatusOr<std::vector<WrittenNumber>> ParseNumbers(std::string_view data,
                                                        int count) {
  std::vector<WrittenNumber> numbers;
  while (static_cast<int>(numbers.size()) < count) {
    SkipBlanks(data);
    if (data.empty()) break;
    WrittenNumber number;
    if (data.front() == '-' && data.size() > 1) {
      number.negative = true;
      data.remove_prefix(1);
    }
    const std::string_view digits = data.substr(0, data.find_first_of(" \t\n"));
    if (digits.size() > kMaxNumberLength) return Refused("parse number");
    const std::optional<uint64_t> magnitude = ParseMagnitude(digits);
    if (!magnitude) return Refused("parse number");
    number.magnitude = *magnitude;
    numbers.push_back(number);
    data.remove_prefix(digits.size());
  }
  if (numbers.empty()) return Refused("parse number");
  return numbers;
}

absl::StatusOr<std::string> AcceptWrite(const Check& check,
                                        std::string_view data,
                                        std::string_view old) {
  switch (check.kind) {
    case Check::Kind::kNone:
      return std::string(data);
    case Check::Kind::kInts:
    case Check::Kind::kLongs:
      return AcceptNumbers(check, data, old);
    case Check::Kind::kText:
      return std::string(Line(data, check.max));
    case Check::Kind::kWord:
      return AcceptWord(check, data);
    case Check::Kind::kSpecial:
      return check.normalise(data, old);
  }
  return Refused("check write");
}

}  // namespace sysbox::emu
