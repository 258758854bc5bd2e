#include "sysbox/cgroups/cpu_list.h"

#include <limits>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "sysbox/base/strings.h"

namespace sysbox::cgroups {

std::vector<uint16_t> ParseCpuList(std::string_view text) {
  std::vector<uint16_t> numbers;
  absl::string_view list = absl::StripAsciiWhitespace(ToAbsl(text));
  for (absl::string_view part : absl::StrSplit(list, ',')) {
    std::pair<absl::string_view, absl::string_view> ends =
        absl::StrSplit(part, absl::MaxSplits('-', 1));
    std::optional<uint64_t> first = ParseUint64(ToStd(ends.first));
    std::optional<uint64_t> last =
        ends.second.empty() ? first : ParseUint64(ToStd(ends.second));
    if (!first.has_value() || !last.has_value() ||
        *last > std::numeric_limits<uint16_t>::max()) {
      continue;
    }
    for (uint64_t number = *first; number <= *last; ++number) {
      numbers.push_back(static_cast<uint16_t>(number));
    }
  }
  return numbers;
}

std::string FormatCpuList(const std::vector<uint16_t>& numbers) {
  std::string text;
  for (size_t begin = 0, end = 0; begin < numbers.size(); begin = end) {
    end = begin + 1;
    while (end < numbers.size() && numbers[end] == numbers[end - 1] + 1) ++end;
    if (begin > 0) text.push_back(',');
    text += fmt::to_string(numbers[begin]);
    if (end - begin > 1) text += fmt::format("-{}", numbers[end - 1]);
  }
  return text;
}

}  // namespace sysbox::cgroups
