#include "sysbox/ids/id_map_text.h"

#include <limits>

#include "absl/strings/str_split.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"

namespace sysbox {
namespace {

constexpr size_t kMaxLines = 340;

std::optional<uint32_t> ParseId(absl::string_view text) {
  std::optional<uint64_t> value = ParseUint64(ToStd(text));
  if (!value || *value > std::numeric_limits<uint32_t>::max()) {
    return std::nullopt;
  }
  return static_cast<uint32_t>(*value);
}

absl::StatusOr<IdMapLine> ParseLine(absl::string_view text) {
  std::vector<absl::string_view> fields = absl::StrSplit(text, ' ');
  if (fields.size() == 3) {
    auto inside = ParseId(fields[0]);
    auto outside = ParseId(fields[1]);
    auto size = ParseId(fields[2]);
    if (inside && outside && size) return IdMapLine{*inside, *outside, *size};
  }
  return InvalidArgument("id map line \"{}\": expected \"INSIDE OUTSIDE SIZE\"",
                         ToStd(text.substr(0, 64)));
}

}  // namespace

std::string FormatIdMap(const IdMap& map) {
  std::string text;
  for (const IdMapLine& line : map.lines) {
    fmt::format_to(std::back_inserter(text), "{}{} {} {}",
                   text.empty() ? "" : ",", line.inside, line.outside,
                   line.size);
  }
  return text;
}

absl::StatusOr<IdMap> ParseIdMap(std::string_view text) {
  IdMap map;
  if (text.empty()) return map;
  for (absl::string_view line : absl::StrSplit(ToAbsl(text), ',')) {
    if (map.lines.size() == kMaxLines) {
      return InvalidArgument("id map has more than {} lines", kMaxLines);
    }
    SYSBOX_ASSIGN_OR_RETURN(IdMapLine parsed, ParseLine(line));
    map.lines.push_back(parsed);
  }
  return map;
}

std::string DescribeHostIds(const IdMap& map) {
  std::string text;
  for (const IdMapLine& line : map.lines) {
    if (line.size == 0) continue;
    fmt::format_to(std::back_inserter(text), "{}{}-{}", text.empty() ? "" : ",",
                   line.outside, uint64_t{line.outside} + line.size - 1);
  }
  return text;
}

}  // namespace sysbox
