#include "sysbox/runtime/sub_cgroups.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "sysbox/base/clean_path.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"

namespace sysbox::runtime {
namespace {

using Paths = std::map<std::string, std::string>;

// `base` with `below`; an error if that leads out of it.
absl::StatusOr<std::string> Below(const std::string& base,
                                  const std::string& below) {
  std::string path = CleanPath(base + "/" + below);
  if (path == base || absl::StartsWith(path, base + "/")) return path;
  return InvalidArgument("{} is not a sub cgroup path", below);
}

absl::Status AddAll(const Paths& bases, const std::string& below,
                    Paths& result) {
  for (const auto& [controller, base] : bases) {
    SYSBOX_ASSIGN_OR_RETURN(result[controller], Below(base, below));
  }
  return absl::OkStatus();
}

absl::Status AddNamed(const Paths& bases, const std::string& argument,
                      Paths& result) {
  const std::vector<std::string> parts = absl::StrSplit(argument, ':');
  if (parts.size() > 2) {
    return InvalidArgument("invalid --cgroup argument: {}", argument);
  }
  if (parts.size() == 1) {
    return InvalidArgument(
        "invalid --cgroup argument: {} (missing <controller>: prefix)",
        argument);
  }
  for (absl::string_view name : absl::StrSplit(parts[0], ',')) {
    const std::string controller(name);
    if (controller.empty()) {
      return InvalidArgument(
          "invalid --cgroup argument: {} (empty <controller> prefix)",
          argument);
    }
    auto base = bases.find(controller);
    if (base == bases.end()) {
      return InvalidArgument("unknown controller {} in SubCgroupPaths",
                             controller);
    }
    SYSBOX_ASSIGN_OR_RETURN(std::string path, Below(base->second, parts[1]));
    if (!result.emplace(controller, std::move(path)).second) {
      return InvalidArgument(
          "invalid --cgroup argument(s): controller {} specified multiple "
          "times",
          controller);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Paths> SubCgroups(const Paths& paths, std::string_view v1_child,
                                 absl::Span<const std::string> wanted) {
  Paths bases;
  const bool only_v2 = paths.size() == 1 && paths.count("") == 1;
  for (const auto& [controller, path] : paths) {
    bases[controller] =
        only_v2 || v1_child.empty() ? path : path + "/" + std::string(v1_child);
  }
  Paths result;
  if (wanted.size() == 1 && !absl::StrContains(wanted[0], ':')) {
    SYSBOX_RETURN_IF_ERROR(AddAll(bases, wanted[0], result));
    return result;
  }
  for (const std::string& argument : wanted) {
    SYSBOX_RETURN_IF_ERROR(AddNamed(bases, argument, result));
  }
  result.insert(bases.begin(), bases.end());  // where nothing was asked for
  return result;
}

}  // namespace sysbox::runtime
