#include "sysbox/syscont/options.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"

namespace sysbox::syscont {
namespace {

constexpr std::string_view kPrefix = "SYSBOX_";

absl::Status ParsePathList(std::string_view name, std::string_view value,
                           std::set<std::string>& paths) {
  for (absl::string_view item : absl::StrSplit(ToAbsl(value), ',')) {
    const std::string_view path = ToStd(item);
    if (path.empty() || path.front() != '/' ||
        path.find_first_of(" \t\n") != std::string_view::npos) {
      return InvalidArgument(
          "environment variable {}: \"{}\" is not an absolute path; expected a "
          "comma-separated list of them, without spaces",
          name, path);
    }
    paths.emplace(path);
  }
  return absl::OkStatus();
}

// One row per variable: a switch, or the list of paths.
struct Variable {
  std::string_view name;
  bool Options::*flag;  // nullptr: `paths`
  std::set<std::string> Options::*paths;
  bool on_exec;
};
constexpr Variable kVariables[] = {
    {"SYSBOX_ALLOW_TRUSTED_XATTR", &Options::allow_trusted_xattr, nullptr,
     false},
    {"SYSBOX_HONOR_CAPS", &Options::honor_caps, nullptr, true},
    {"SYSBOX_IGNORE_SYSFS_CHOWN", &Options::ignore_sysfs_chown, nullptr, false},
    {"SYSBOX_KERNEL_FILES", &Options::kernel_files, nullptr, false},
    {"SYSBOX_SKIP_UID_SHIFT", nullptr, &Options::skip_uid_shift, false},
    {"SYSBOX_SYSCONT_MODE", &Options::syscont_mode, nullptr, false},
};

std::string KnownNames() {
  std::string names;
  for (const Variable& variable : kVariables) {
    if (!names.empty()) names += ", ";
    names += variable.name;
  }
  return names;
}

absl::StatusOr<const Variable*> FindVariable(std::string_view name) {
  for (const Variable& variable : kVariables) {
    if (variable.name == name) return &variable;
  }
  return InvalidArgument(
      "environment variable {}: not one of those with the SYSBOX_ prefix ({})",
      name, KnownNames());
}

absl::Status SetFlag(std::string_view name, std::string_view value,
                     bool& flag) {
  if (value != "TRUE" && value != "FALSE") {
    return InvalidArgument(
        "environment variable {}: \"{}\" is neither TRUE nor FALSE", name,
        value);
  }
  flag = value == "TRUE";
  return absl::OkStatus();
}

absl::Status Apply(const Variable& variable, std::string_view value,
                   Options& options) {
  if (value.empty()) {
    return InvalidArgument("environment variable {}: has no value",
                           variable.name);
  }
  if (variable.flag != nullptr) {
    return SetFlag(variable.name, value, options.*variable.flag);
  }
  if (value.find('=') != std::string_view::npos) {
    return InvalidArgument(
        "environment variable {}: \"{}\" has a second =", variable.name, value);
  }
  (options.*variable.paths).clear();
  return ParsePathList(variable.name, value, options.*variable.paths);
}

// The row for `entry` ("NAME=value"), nullptr if it is none of ours.
absl::StatusOr<const Variable*> Classify(std::string_view entry,
                                         std::string_view& value) {
  if (!absl::StartsWith(ToAbsl(entry), ToAbsl(kPrefix))) return nullptr;
  const size_t equals = std::min(entry.find('='), entry.size());
  value = entry.substr(std::min(equals + 1, entry.size()));
  return FindVariable(entry.substr(0, equals));
}

}  // namespace

absl::StatusOr<Options> ParseOptions(const oci::Process& process,
                                     const Options& defaults) {
  Options options = defaults;
  for (const std::string& entry : process.env) {
    std::string_view value;
    SYSBOX_ASSIGN_OR_RETURN(const Variable* variable, Classify(entry, value));
    if (variable == nullptr) continue;
    SYSBOX_RETURN_IF_ERROR(Apply(*variable, value, options));
  }
  return options;
}

absl::StatusOr<Options> TakeExecOptions(oci::Process& process,
                                        const Options& defaults) {
  Options options = defaults;
  Options ignored;
  std::vector<std::string> kept;
  for (std::string& entry : process.env) {
    std::string_view value;
    SYSBOX_ASSIGN_OR_RETURN(const Variable* variable, Classify(entry, value));
    if (variable != nullptr) {
      SYSBOX_RETURN_IF_ERROR(
          Apply(*variable, value, variable->on_exec ? options : ignored));
      if (!variable->on_exec) continue;
    }
    kept.push_back(std::move(entry));
  }
  process.env = std::move(kept);
  return options;
}

}  // namespace sysbox::syscont
