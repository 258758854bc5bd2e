#include "sysbox/emu/host_write_policy.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/emu/node_spec.h"
#include "sysbox/emu/node_table.h"

namespace sysbox::emu {
namespace {

std::string PathOf(absl::string_view name) {
  if (absl::StartsWith(name, "/")) return std::string(name);
  return "/proc/sys/" + absl::StrReplaceAll(name, {{".", "/"}});
}

bool IsAtOrBelow(std::string_view path, std::string_view place) {
  return absl::StartsWith(ToAbsl(path), ToAbsl(place)) &&
         (path.size() == place.size() || path[place.size()] == '/');
}

}  // namespace

absl::StatusOr<HostWritePolicy> ParseHostWritePolicy(std::string_view list) {
  HostWritePolicy policy;
  for (const absl::string_view name :
       absl::StrSplit(ToAbsl(list), ',', absl::SkipWhitespace())) {
    const std::string place = PathOf(absl::StripAsciiWhitespace(name));
    const size_t before = policy.size();
    for (const NodeSpec& row : NodeTable()) {
      if (row.host_write == HostWrite::kNever) continue;
      if (name == "all" || IsAtOrBelow(row.path, place)) {
        policy.push_back(row.path);
      }
    }
    if (policy.size() == before) {
      return InvalidArgument("\"{}\" is no value that may reach the host",
                             ToStd(name));
    }
  }
  std::sort(policy.begin(), policy.end());
  policy.erase(std::unique(policy.begin(), policy.end()), policy.end());
  return policy;
}

}  // namespace sysbox::emu
