#include "sysbox/cli/table_text.h"

#include <algorithm>

#include "fmt/format.h"

namespace sysbox::cli {
namespace {

constexpr size_t kMinWidth = 12;
constexpr size_t kPadding = 3;

}  // namespace

std::string TableText(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const std::vector<std::string>& row : rows) {
    widths.resize(std::max(widths.size(), row.size()), kMinWidth);
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].size() + kPadding);
    }
  }
  std::string out;
  for (const std::vector<std::string>& row : rows) {
    for (size_t i = 0; i + 1 < row.size(); ++i) {
      out += fmt::format("{:<{}}", row[i], widths[i]);
    }
    if (!row.empty()) out += row.back();
    out += '\n';
  }
  return out;
}

}  // namespace sysbox::cli
