// Conversions between std::string_view and Debian's absl::string_view, which
// is a type of its own. Our APIs take std's.
#ifndef SYSBOX_BASE_STRINGS_H_
#define SYSBOX_BASE_STRINGS_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/strings/string_view.h"

namespace sysbox {

inline absl::string_view ToAbsl(std::string_view text) {
  return absl::string_view(text.data(), text.size());
}
inline std::string_view ToStd(absl::string_view text) {
  return std::string_view(text.data(), text.size());
}

// Parses a whole decimal number; nullopt for anything else (spaces, a plus
// sign), or when it does not fit.
std::optional<uint64_t> ParseUint64(std::string_view text);
std::optional<int64_t> ParseInt64(std::string_view text);

}  // namespace sysbox

#endif  // SYSBOX_BASE_STRINGS_H_
