// The texts of cgroup files: words, "key value" lines, numbers that may be
// "max". Pure, but for the Read* wrappers.
#ifndef SYSBOX_CGROUPS_CONTROL_FILE_H_
#define SYSBOX_CGROUPS_CONTROL_FILE_H_

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"

namespace sysbox::cgroups {

inline constexpr uint64_t kUnlimited = std::numeric_limits<uint64_t>::max();

// Non-empty pieces between any of `separators`.
std::vector<std::string_view> SplitFields(std::string_view text,
                                          std::string_view separators = " \t");
inline std::vector<std::string_view> SplitLines(std::string_view text) {
  return SplitFields(text, "\n");
}
// `text` without white space at its ends.
std::string_view Trim(std::string_view text);
// Whether `word` is one of the white-space separated words of `text`.
bool HasWord(std::string_view text, std::string_view word);

// A number, or kUnlimited for "max"; nullopt for anything else.
std::optional<uint64_t> ParseLimit(std::string_view text);
// "key value" lines with decimal values; other lines are left out.
std::map<std::string, uint64_t> ParseFlatKeyed(std::string_view text);
// The value of one key, nullopt when absent or malformed.
std::optional<uint64_t> FlatKeyedValue(std::string_view text,
                                       std::string_view key);

// A file that holds one number or "max". Errors name the file.
absl::StatusOr<uint64_t> ReadLimitAt(FdRef dir, std::string_view file);
// The trimmed content.
absl::StatusOr<std::string> ReadTextAt(FdRef dir, std::string_view file);

}  // namespace sysbox::cgroups

#endif  // SYSBOX_CGROUPS_CONTROL_FILE_H_
