#include "sysbox/syscont/options.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"

namespace sysbox::syscont {
namespace {

constexpr std::string_view kPrefix = "SYSBOX_";
// What a pool could have at all.
constexpr uint64_t kMostIds = uint64_t{1} << 31;

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

template <bool Options::*flag>
absl::Status Flag(std::string_view name, std::string_view value,
                  Options& options) {
  return SetFlag(name, value, options.*flag);
}

absl::Status SkipUidShift(std::string_view name, std::string_view value,
                          Options& options) {
  if (value.find('=') != std::string_view::npos) {
    return InvalidArgument(
        "environment variable {}: \"{}\" has a second =", name, value);
  }
  options.skip_uid_shift.clear();
  return ParsePathList(name, value, options.skip_uid_shift);
}

absl::Status IdCount(std::string_view name, std::string_view value,
                     Options& options) {
  const std::optional<uint64_t> count = ParseUint64(value);
  if (!count || *count < kLeastIds || *count > kMostIds) {
    return InvalidArgument(
        "environment variable {}: \"{}\" is no number from {} to {}", name,
        value, kLeastIds, kMostIds);
  }
  options.id_count = static_cast<uint32_t>(*count);
  return absl::OkStatus();
}

struct Variable {
  std::string_view name;
  absl::Status (*set)(std::string_view name, std::string_view value,
                      Options& options);
  bool on_exec;
};
constexpr Variable kVariables[] = {
    {"SYSBOX_ALLOW_TRUSTED_XATTR", Flag<&Options::allow_trusted_xattr>, false},
    {"SYSBOX_HONOR_CAPS", Flag<&Options::honor_caps>, true},
    {"SYSBOX_IDS", IdCount, false},
    {"SYSBOX_IGNORE_SYSFS_CHOWN", Flag<&Options::ignore_sysfs_chown>, false},
    {"SYSBOX_KERNEL_FILES", Flag<&Options::kernel_files>, false},
    {"SYSBOX_SKIP_UID_SHIFT", SkipUidShift, false},
    {"SYSBOX_SYSCONT_MODE", Flag<&Options::syscont_mode>, false},
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

absl::Status Apply(const Variable& variable, std::string_view value,
                   Options& options) {
  if (value.empty()) {
    return InvalidArgument("environment variable {}: has no value",
                           variable.name);
  }
  return variable.set(variable.name, value, options);
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
