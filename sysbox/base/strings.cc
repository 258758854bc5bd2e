#include "sysbox/base/strings.h"

#include <charconv>

namespace sysbox {
namespace {

template <typename T>
std::optional<T> ParseWhole(std::string_view text) {
  T value = 0;
  const char* end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || text.empty()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<uint64_t> ParseUint64(std::string_view text) {
  return ParseWhole<uint64_t>(text);
}

std::optional<int64_t> ParseInt64(std::string_view text) {
  return ParseWhole<int64_t>(text);
}

}  // namespace sysbox
