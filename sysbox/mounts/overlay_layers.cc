#include "sysbox/mounts/overlay_layers.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "fmt/format.h"
#include "sysbox/base/clean_path.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/mounts/overlay_options.h"
#include "sysbox/mounts/target_path.h"

namespace sysbox::mounts {
namespace {

bool IsAbsolute(const std::string& path) {
  return !path.empty() && path.front() == '/';
}

std::string ParentOf(std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == 0 || slash == std::string_view::npos) return "/";
  return std::string(path.substr(0, slash));
}

// Every path of the overlay, as pointers: they are edited in place.
std::vector<std::string*> AllPaths(OverlayLayers& layers) {
  std::vector<std::string*> paths;
  for (std::string& path : layers.lower) paths.push_back(&path);
  for (std::string& path : layers.data_lower) paths.push_back(&path);
  if (!layers.upper.empty()) paths.push_back(&layers.upper);
  if (!layers.work.empty()) paths.push_back(&layers.work);
  return paths;
}

// The closest directory above `from` in which `relative` exists.
std::string FindBase(std::string_view from, const std::string& relative) {
  std::string directory = ParentOf(from);
  while (!Exists(fmt::format("{}/{}", directory, relative))) {
    if (directory == "/") return "";
    directory = ParentOf(directory);
  }
  return directory;
}

absl::StatusOr<std::string> FindBase(const MountInfo& overlay,
                                     const std::string& upper,
                                     const std::string& relative) {
  std::vector<std::string> starts = {overlay.mount_point};
  if (IsAbsolute(upper)) starts.insert(starts.begin(), upper);
  for (const std::string& start : starts) {
    std::string base = FindBase(start, relative);
    if (!base.empty()) return base;
  }
  return NotFound("overlay on \"{}\": layer \"{}\" is not found from above it",
                  overlay.mount_point, relative);
}

absl::Status MakeAbsolute(const MountInfo& overlay, OverlayLayers& layers) {
  const std::vector<std::string*> paths = AllPaths(layers);
  const auto relative =
      std::find_if(paths.begin(), paths.end(),
                   [](auto* path) { return !IsAbsolute(*path); });
  if (relative != paths.end()) {
    SYSBOX_ASSIGN_OR_RETURN(const std::string base,
                            FindBase(overlay, layers.upper, **relative));
    for (std::string* path : paths) {
      if (!IsAbsolute(*path)) *path = fmt::format("{}/{}", base, *path);
    }
  }
  for (std::string* path : paths) *path = CleanPath(*path);
  return absl::OkStatus();
}

}  // namespace

std::string CommonParent(const std::vector<std::string>& paths) {
  if (paths.empty()) return "/";
  std::string parent = ParentOf(paths.front());
  for (const std::string& path : paths) {
    while (!IsBelow(path, parent)) parent = ParentOf(parent);
  }
  return parent;
}

absl::StatusOr<OverlayLayers> FindOverlayLayers(const MountInfo& overlay) {
  SYSBOX_ASSIGN_OR_RETURN(OverlayOptions options,
                          ParseOverlayOptions(overlay.super_options),
                          "overlay on \"{}\"", overlay.mount_point);
  OverlayLayers layers;
  layers.lower = std::move(options.lower);
  layers.data_lower = std::move(options.data_lower);
  layers.upper = std::move(options.upper);
  layers.work = std::move(options.work);
  layers.options = std::move(options.kept);
  SYSBOX_RETURN_IF_ERROR(MakeAbsolute(overlay, layers));
  std::vector<std::string> paths;
  for (const std::string* path : AllPaths(layers)) paths.push_back(*path);
  layers.common_parent = CommonParent(paths);
  return layers;
}

}  // namespace sysbox::mounts
