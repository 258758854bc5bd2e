#include "sysbox/mounts/overlay_options.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_split.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/mount_info.h"

namespace sysbox::mounts {
namespace {

// What decides how layers are read or how the upper one is written. Left out:
// index and nfs_export (need an index of their own), uuid and fsid.
constexpr std::string_view kKept[] = {"fsync",     "metacopy", "redirect_dir",
                                      "userxattr", "verity",   "volatile",
                                      "xino"};

// Removes overlay's backslashes.
std::string Unescape(std::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    result += text[i];
  }
  return result;
}

// "a:b\:c::d" → lower a, "b:c"; data-only d.
void SplitLayers(std::string_view text, OverlayOptions& options) {
  bool data_only = false;
  size_t start = 0;
  const auto add = [&](size_t end) {
    const std::string_view layer = text.substr(start, end - start);
    start = end + 1;
    if (layer.empty()) {  // between the colons of "::"
      data_only = true;
      return;
    }
    (data_only ? options.data_lower : options.lower).push_back(Unescape(layer));
  };
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == ':') {
      add(i);
    }
  }
  if (start < text.size()) add(text.size());
}

void AddOption(std::string_view key, std::string_view value,
               OverlayOptions& options) {
  if (key == "lowerdir") {
    SplitLayers(value, options);
  } else if (key == "lowerdir+") {
    options.lower.emplace_back(value);  // never escaped
  } else if (key == "datadir+") {
    options.data_lower.emplace_back(value);
  } else if (key == "upperdir") {
    options.upper = Unescape(value);
  } else if (key == "workdir") {
    options.work = Unescape(value);
  } else if (std::find(std::begin(kKept), std::end(kKept), key) !=
             std::end(kKept)) {
    options.kept.push_back({std::string(key), std::string(value)});
  }
}

}  // namespace

absl::StatusOr<OverlayOptions> ParseOverlayOptions(
    std::string_view super_options) {
  OverlayOptions options;
  // The kernel writes commas and equals signs in values as octal escapes.
  for (absl::string_view item : absl::StrSplit(ToAbsl(super_options), ',')) {
    const std::string_view option = ToStd(item);
    const size_t equals = std::min(option.find('='), option.size());
    const std::string value =
        UnescapeMountField(option.substr(std::min(equals + 1, option.size())));
    AddOption(option.substr(0, equals), value, options);
  }
  options.kept.push_back({"index", "off"});
  if (options.lower.empty()) {
    return InvalidArgument("overlay options without lowerdir: {}",
                           super_options);
  }
  if (options.upper.empty() != options.work.empty()) {
    return InvalidArgument(
        "overlay options with one of upperdir and workdir: {}", super_options);
  }
  return options;
}

}  // namespace sysbox::mounts
