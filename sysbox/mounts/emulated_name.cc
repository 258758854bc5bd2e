#include "sysbox/mounts/emulated_name.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "sysbox/base/strings.h"

namespace sysbox::mounts {
namespace {

constexpr char kSeparator = ':';

}  // namespace

std::string EmulatedName(std::string_view path) {
  std::string name(path.substr(1));
  std::replace(name.begin(), name.end(), '/', kSeparator);
  return name;
}

std::optional<std::string> EmulatedPath(std::string_view root) {
  if (!absl::StartsWith(ToAbsl(root), "/proc:") &&
      !absl::StartsWith(ToAbsl(root), "/sys:")) {
    return std::nullopt;
  }
  std::string path(root);
  const auto end = std::find(path.begin() + 1, path.end(), '/');
  std::replace(path.begin(), end, kSeparator, '/');
  return path;
}

}  // namespace sysbox::mounts
