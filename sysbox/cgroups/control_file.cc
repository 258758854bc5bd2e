#include "sysbox/cgroups/control_file.h"

#include <algorithm>

#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/file.h"

namespace sysbox::cgroups {

std::vector<std::string_view> SplitFields(std::string_view text,
                                          std::string_view separators) {
  std::vector<std::string_view> fields;
  size_t begin = text.find_first_not_of(separators);
  while (begin != std::string_view::npos) {
    const size_t end = text.find_first_of(separators, begin);
    fields.push_back(text.substr(begin, end - begin));
    begin = text.find_first_not_of(separators, end);
  }
  return fields;
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\n";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

bool HasWord(std::string_view text, std::string_view word) {
  const std::vector<std::string_view> words = SplitFields(text, " \t\n");
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::optional<uint64_t> ParseLimit(std::string_view text) {
  if (text == "max") return kUnlimited;
  return ParseUint64(text);
}

std::map<std::string, uint64_t> ParseFlatKeyed(std::string_view text) {
  std::map<std::string, uint64_t> values;
  for (std::string_view line : SplitLines(text)) {
    const std::vector<std::string_view> fields = SplitFields(line);
    if (fields.size() != 2) continue;
    if (std::optional<uint64_t> value = ParseUint64(fields[1])) {
      values.emplace(fields[0], *value);
    }
  }
  return values;
}

std::optional<uint64_t> FlatKeyedValue(std::string_view text,
                                       std::string_view key) {
  for (std::string_view line : SplitLines(text)) {
    const std::vector<std::string_view> fields = SplitFields(line);
    if (fields.size() == 2 && fields[0] == key) return ParseUint64(fields[1]);
  }
  return std::nullopt;
}

absl::StatusOr<std::string> ReadTextAt(FdRef dir, std::string_view file) {
  SYSBOX_ASSIGN_OR_RETURN(const std::string text, ReadFileAt(dir, file));
  return std::string(Trim(text));
}

absl::StatusOr<uint64_t> ReadLimitAt(FdRef dir, std::string_view file) {
  SYSBOX_ASSIGN_OR_RETURN(const std::string text, ReadTextAt(dir, file));
  const std::optional<uint64_t> value = ParseLimit(text);
  if (!value) return Internal("parse {}: not a number: \"{}\"", file, text);
  return *value;
}

}  // namespace sysbox::cgroups
