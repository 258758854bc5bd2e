#include "sysbox/ids/subid_file.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "sysbox/base/strings.h"

namespace sysbox {
namespace {

constexpr uint64_t kIdEnd = 0xffffffffu;  // (uid_t)-1 is no id

std::optional<SubidEntry> ParseEntry(absl::string_view line) {
  std::vector<absl::string_view> fields = absl::StrSplit(line, ':');
  if (fields.size() != 3 || fields[0].empty()) return std::nullopt;
  // shadow tolerates blanks around numbers; so must we, or we would hand out
  // ids of an entry that it honours.
  auto first = ParseUint64(ToStd(absl::StripAsciiWhitespace(fields[1])));
  auto count = ParseUint64(ToStd(absl::StripAsciiWhitespace(fields[2])));
  if (!first || !count || *first >= kIdEnd || *count == 0) return std::nullopt;
  const uint64_t size = std::min(*count, kIdEnd - *first);
  return SubidEntry{
      std::string(fields[0]),
      {static_cast<uint32_t>(*first), static_cast<uint32_t>(size)}};
}

// login.defs numbers are as strtoul(3) with base 0 reads them; only decimal
// ones are seen in practice.
void ReadLimit(absl::string_view line, absl::string_view name,
               uint32_t* limit) {
  std::vector<absl::string_view> words =
      absl::StrSplit(line, absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
  if (words.size() < 2 || words[0] != name) return;
  auto value = ParseUint64(ToStd(words[1]));
  if (!value) return;
  *limit = static_cast<uint32_t>(std::min(*value, kIdEnd - 1));
}

}  // namespace

std::vector<SubidEntry> ParseSubids(std::string_view text) {
  std::vector<SubidEntry> entries;
  for (absl::string_view line : absl::StrSplit(ToAbsl(text), '\n')) {
    if (absl::StartsWith(line, "#")) continue;
    if (auto entry = ParseEntry(line)) entries.push_back(std::move(*entry));
  }
  return entries;
}

std::optional<IdRange> FindEntry(absl::Span<const SubidEntry> entries,
                                 std::string_view owner, uint32_t min_size) {
  std::optional<IdRange> best;
  for (const SubidEntry& entry : entries) {
    if (entry.owner != owner || entry.range.size < min_size) continue;
    if (!best || entry.range.size > best->size) best = entry.range;
  }
  return best;
}

SubidLimits ParseLoginDefs(std::string_view text, std::string_view prefix) {
  SubidLimits limits;
  const std::string min_name = fmt::format("{}_MIN", prefix);
  const std::string max_name = fmt::format("{}_MAX", prefix);
  for (absl::string_view line : absl::StrSplit(ToAbsl(text), '\n')) {
    ReadLimit(line, min_name, &limits.min);
    ReadLimit(line, max_name, &limits.max);
  }
  // Id 0 and the host's real users must never be in anyone's range.
  if (limits.min == 0 || limits.min > limits.max) return SubidLimits{};
  return limits;
}

std::optional<IdRange> FindHole(absl::Span<const IdRange> taken,
                                const SubidLimits& limits, uint32_t size) {
  std::vector<IdRange> sorted(taken.begin(), taken.end());
  std::sort(
      sorted.begin(), sorted.end(),
      [](const IdRange& a, const IdRange& b) { return a.first < b.first; });
  uint64_t candidate = limits.min;
  for (const IdRange& range : sorted) {
    if (range.first >= candidate + size) break;
    candidate = std::max(candidate, range.end());
  }
  if (candidate + size > uint64_t{limits.max} + 1) return std::nullopt;
  return IdRange{static_cast<uint32_t>(candidate), size};
}

std::string AppendEntry(std::string_view text, const SubidEntry& entry) {
  std::string result(text);
  if (!result.empty() && result.back() != '\n') result += '\n';
  fmt::format_to(std::back_inserter(result), "{}:{}:{}\n", entry.owner,
                 entry.range.first, entry.range.size);
  return result;
}

}  // namespace sysbox
