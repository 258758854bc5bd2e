#include "sysbox/cgroups/device_list.h"

#include <limits>
#include <optional>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/cgroups/control_file.h"

namespace sysbox::cgroups {
namespace {

struct AccessLetter {
  char letter;
  int bit;
};
// In the order the kernel prints them.
constexpr AccessLetter kAccessLetters[] = {
    {'r', kDeviceRead}, {'w', kDeviceWrite}, {'m', kDeviceMknod}};

std::optional<int> ParseAccess(std::string_view text) {
  int access = 0;
  for (char c : text) {
    int bit = 0;
    for (const AccessLetter& known : kAccessLetters) {
      if (known.letter == c) bit = known.bit;
    }
    if (bit == 0) return std::nullopt;
    access |= bit;
  }
  if (access == 0) return std::nullopt;
  return access;
}

std::string AccessText(int access) {
  std::string text;
  for (const AccessLetter& known : kAccessLetters) {
    if (access & known.bit) text += known.letter;
  }
  return text;
}

std::string NumberText(int64_t number) {
  return number == kAnyDevice ? "*" : fmt::format("{}", number);
}

std::string RuleText(const DeviceName& name, int access) {
  return fmt::format("{} {}:{} {}", name.type, NumberText(name.major),
                     NumberText(name.minor), AccessText(access));
}

bool Overlaps(int64_t a, int64_t b) {
  return a == kAnyDevice || b == kAnyDevice || a == b;
}

// Whether an exception *other than exactly `name`* shares devices with it.
bool CutsException(const DeviceList& list, const DeviceName& name, int access) {
  for (const auto& [other, other_access] : list.exceptions) {
    if (other != name && other.type == name.type &&
        Overlaps(other.major, name.major) &&
        Overlaps(other.minor, name.minor) && (other_access & access) != 0) {
      return true;
    }
  }
  return false;
}

absl::Status ApplyRule(const DeviceName& name, int access, bool allow,
                       DeviceList* list) {
  if (allow != list->default_allow) {
    list->exceptions[name] |= access;
    return absl::OkStatus();
  }
  if (CutsException(*list, name, access)) {
    return FailedPrecondition("cannot {} \"{}\": an earlier rule overlaps it",
                              allow ? "allow" : "deny", RuleText(name, access));
  }
  auto found = list->exceptions.find(name);
  if (found == list->exceptions.end()) return absl::OkStatus();
  found->second &= ~access;
  if (found->second == 0) list->exceptions.erase(found);
  return absl::OkStatus();
}

absl::StatusOr<int64_t> CheckedNumber(const std::optional<int64_t>& number) {
  if (!number || *number == kAnyDevice) return kAnyDevice;
  if (*number < 0 || *number > std::numeric_limits<uint32_t>::max()) {
    return InvalidArgument("device number {} is out of range", *number);
  }
  return *number;
}

absl::Status AddRule(const oci::DeviceRule& rule, DeviceList* list) {
  const std::optional<int> access = ParseAccess(rule.access);
  if (!access) {
    return InvalidArgument("access: \"{}\" is not some of \"rwm\"",
                           rule.access);
  }
  SYSBOX_ASSIGN_OR_RETURN(const int64_t major, CheckedNumber(rule.major),
                          "major");
  SYSBOX_ASSIGN_OR_RETURN(const int64_t minor, CheckedNumber(rule.minor),
                          "minor");
  const bool all_types = rule.type.empty() || rule.type == "a";
  if (!all_types && rule.type != "c" && rule.type != "b" && rule.type != "u") {
    return InvalidArgument("type: unknown value \"{}\"", rule.type);
  }
  if (all_types && major == kAnyDevice && minor == kAnyDevice) {
    // The kernel ignores the access of an all-devices rule.
    *list = DeviceList{rule.allow, {}};
    return absl::OkStatus();
  }
  for (const char type : {'b', 'c'}) {
    const bool is_block = rule.type == "b";
    if (!all_types && is_block != (type == 'b')) continue;
    SYSBOX_RETURN_IF_ERROR(
        ApplyRule({type, major, minor}, *access, rule.allow, list));
  }
  return absl::OkStatus();
}

oci::DeviceRule AllowRule(const char* type, std::optional<int64_t> major,
                          std::optional<int64_t> minor, const char* access) {
  return {true, type, major, minor, access};
}

std::optional<int64_t> ParseNumber(std::string_view text) {
  if (text == "*") return kAnyDevice;
  const std::optional<uint64_t> number = ParseUint64(text);
  if (!number || *number > std::numeric_limits<uint32_t>::max()) {
    return std::nullopt;
  }
  return static_cast<int64_t>(*number);
}

// "c 1:3 rwm" or "a *:* rwm".
bool ParseListLine(std::string_view line, DeviceList* list) {
  const std::vector<std::string_view> fields = SplitFields(line, " :");
  if (fields.size() != 4 || fields[0].size() != 1) return false;
  const char type = fields[0][0];
  if (type == 'a') {
    *list = DeviceList{true, {}};
    return true;
  }
  const std::optional<int64_t> major = ParseNumber(fields[1]);
  const std::optional<int64_t> minor = ParseNumber(fields[2]);
  const std::optional<int> access = ParseAccess(fields[3]);
  if ((type != 'c' && type != 'b') || !major || !minor || !access) return false;
  list->exceptions[{type, *major, *minor}] |= *access;
  return true;
}

}  // namespace

const std::vector<oci::DeviceRule>& DefaultDeviceRules() {
  static const auto* const kRules = new std::vector<oci::DeviceRule>{
      AllowRule("c", std::nullopt, std::nullopt, "m"),
      AllowRule("b", std::nullopt, std::nullopt, "m"),
      AllowRule("c", 1, 3, "rwm"),               // null
      AllowRule("c", 1, 8, "rwm"),               // random
      AllowRule("c", 1, 7, "rwm"),               // full
      AllowRule("c", 5, 0, "rwm"),               // tty
      AllowRule("c", 1, 5, "rwm"),               // zero
      AllowRule("c", 1, 9, "rwm"),               // urandom
      AllowRule("c", 136, std::nullopt, "rwm"),  // pts/*
      AllowRule("c", 5, 2, "rwm"),               // ptmx
  };
  return *kRules;
}

absl::StatusOr<DeviceList> BuildDeviceList(
    absl::Span<const oci::DeviceRule> rules) {
  DeviceList list;
  for (size_t i = 0; i < rules.size(); ++i) {
    SYSBOX_RETURN_IF_ERROR(AddRule(rules[i], &list),
                           "linux.resources.devices[{}]", i);
  }
  return list;
}

absl::StatusOr<DeviceList> ParseDeviceList(std::string_view text) {
  DeviceList list;
  for (std::string_view line : SplitLines(text)) {
    if (!ParseListLine(line, &list)) {
      return Internal("parse devices.list: bad line \"{}\"", line);
    }
  }
  return list;
}

std::vector<DeviceWrite> FreshDeviceWrites(const DeviceList& list) {
  std::vector<DeviceWrite> writes = {{list.default_allow, "a"}};
  for (const auto& [name, access] : list.exceptions) {
    writes.push_back({!list.default_allow, RuleText(name, access)});
  }
  return writes;
}

std::vector<DeviceWrite> DeviceTransition(const DeviceList& from,
                                          const DeviceList& to) {
  if (from.default_allow != to.default_allow) return FreshDeviceWrites(to);
  std::vector<DeviceWrite> writes;
  auto missing_in = [](const DeviceList& list, const DeviceName& name,
                       int access) {
    auto found = list.exceptions.find(name);
    return found == list.exceptions.end() ? access : access & ~found->second;
  };
  // Removals first: an overlap must never leave more than either list has.
  for (const auto& [name, access] : from.exceptions) {
    if (const int gone = missing_in(to, name, access)) {
      writes.push_back({from.default_allow, RuleText(name, gone)});
    }
  }
  for (const auto& [name, access] : to.exceptions) {
    if (const int added = missing_in(from, name, access)) {
      writes.push_back({!to.default_allow, RuleText(name, added)});
    }
  }
  return writes;
}

}  // namespace sysbox::cgroups
