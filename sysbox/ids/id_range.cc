#include "sysbox/ids/id_range.h"

#include <algorithm>

#include "sysbox/base/status.h"

namespace sysbox {
namespace {

// user_namespaces(7): at most 340 lines since Linux 4.15.
constexpr size_t kMaxLines = 340;
// (uid_t)-1 means "unchanged" to chown(2) and is no id.
constexpr uint64_t kIdEnd = 0xffffffffu;

absl::Status ValidateLine(const IdMapLine& line, const std::string& where) {
  if (line.size == 0) return InvalidArgument("{}.size: must not be 0", where);
  if (uint64_t{line.inside} + line.size > kIdEnd) {
    return InvalidArgument("{}: container ids {}+{} exceed 4294967294", where,
                           line.inside, line.size);
  }
  if (uint64_t{line.outside} + line.size > kIdEnd) {
    return InvalidArgument("{}: host ids {}+{} exceed 4294967294", where,
                           line.outside, line.size);
  }
  return absl::OkStatus();
}

// `ranges` is sorted here; the lines' own order is the administrator's.
absl::Status CheckDisjoint(std::vector<IdRange> ranges, std::string_view field,
                           std::string_view side) {
  std::sort(
      ranges.begin(), ranges.end(),
      [](const IdRange& a, const IdRange& b) { return a.first < b.first; });
  for (size_t i = 1; i < ranges.size(); ++i) {
    if (ranges[i - 1].Overlaps(ranges[i])) {
      return InvalidArgument("{}: {} id {} is mapped twice", field, side,
                             ranges[i].first);
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::optional<uint32_t> IdMap::ToHost(uint32_t inside) const {
  for (const IdMapLine& line : lines) {
    if (inside >= line.inside && inside - line.inside < line.size) {
      return line.outside + (inside - line.inside);
    }
  }
  return std::nullopt;
}

IdMap MapOnto(const IdRange& range) {
  return IdMap{{{.inside = 0, .outside = range.first, .size = range.size}}};
}

absl::Status ValidateIdMap(const IdMap& map, std::string_view field) {
  if (map.lines.empty()) return InvalidArgument("{}: is empty", field);
  if (map.lines.size() > kMaxLines) {
    return InvalidArgument("{}: has {} lines, the kernel takes {}", field,
                           map.lines.size(), kMaxLines);
  }
  std::vector<IdRange> inside, outside;
  for (size_t i = 0; i < map.lines.size(); ++i) {
    const IdMapLine& line = map.lines[i];
    SYSBOX_RETURN_IF_ERROR(ValidateLine(line, fmt::format("{}[{}]", field, i)));
    inside.push_back({line.inside, line.size});
    outside.push_back({line.outside, line.size});
  }
  SYSBOX_RETURN_IF_ERROR(CheckDisjoint(std::move(inside), field, "container"));
  SYSBOX_RETURN_IF_ERROR(CheckDisjoint(std::move(outside), field, "host"));
  std::optional<uint32_t> root = map.ToHost(0);
  if (!root.has_value()) {
    return InvalidArgument("{}: container id 0 is not mapped", field);
  }
  if (*root == 0) {
    return InvalidArgument("{}: container id 0 must not map to host id 0",
                           field);
  }
  return absl::OkStatus();
}

}  // namespace sysbox
