#include "sysbox/cgroups/systemd_unit.h"

#include <optional>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/cgroups/control_file.h"
#include "sysbox/cgroups/device_list.h"
#include "sysbox/cgroups/v2_settings.h"

namespace sysbox::cgroups {
namespace {

constexpr std::string_view kSliceSuffix = ".slice";
constexpr uint64_t kMicrosecondsPerSecond = 1'000'000;
constexpr uint64_t kMaxCpu = 8191;  // CONFIG_NR_CPUS of x86-64 at most

template <typename T>
const T& Part(const std::optional<T>& part) {
  static const T kEmpty{};
  return part ? *part : kEmpty;
}

// -1 as systemd's "infinity".
uint64_t Limit(int64_t limit) {
  return limit < 0 ? kUnlimited : static_cast<uint64_t>(limit);
}

void AddLimit(const char* name, int64_t limit,
              std::vector<UnitProperty>* properties) {
  if (limit != 0) properties->push_back({name, Limit(limit)});
}

absl::Status AddMemory(const oci::Memory& memory, bool unified,
                       std::vector<UnitProperty>* properties) {
  const int64_t limit = memory.limit.value_or(0);
  AddLimit(unified ? "MemoryMax" : "MemoryLimit", limit, properties);
  if (!unified) return absl::OkStatus();
  AddLimit("MemoryLow", memory.reservation.value_or(0), properties);
  bool disable = false;
  SYSBOX_ASSIGN_OR_RETURN(const int64_t swap,
                          SwapOnly(memory.swap.value_or(0), limit, &disable),
                          "linux.resources.memory.swap");
  if (disable) properties->push_back({"MemorySwapMax", uint64_t{0}});
  AddLimit("MemorySwapMax", swap, properties);
  return absl::OkStatus();
}

void AddCpu(const oci::Cpu& cpu, bool unified,
            std::vector<UnitProperty>* properties) {
  const uint64_t shares = cpu.shares.value_or(0);
  if (shares != 0) {
    properties->push_back(
        unified ? UnitProperty{"CPUWeight", CpuWeightFromShares(shares)}
                : UnitProperty{"CPUShares", shares});
  }
  const int64_t quota = cpu.quota.value_or(0);
  const uint64_t period = cpu.period.value_or(0);
  if (quota == 0 && period == 0) return;
  if (period != 0) properties->push_back({"CPUQuotaPeriodUSec", period});
  uint64_t per_second = kUnlimited;
  if (quota > 0) {
    // Rounded up to systemd's granularity of 10 ms.
    const double ratio = static_cast<double>(quota) /
                         static_cast<double>(period == 0 ? 100000 : period);
    per_second = static_cast<uint64_t>(ratio * kMicrosecondsPerSecond);
    per_second = (per_second + 9999) / 10000 * 10000;
  }
  properties->push_back({"CPUQuotaPerSecUSec", per_second});
}

// AllowedCPUs and AllowedMemoryNodes, which systemd has for v2 only.
absl::Status AddCpuset(const oci::Cpu& cpu,
                       std::vector<UnitProperty>* properties) {
  if (!cpu.cpus.empty()) {
    SYSBOX_ASSIGN_OR_RETURN(std::vector<uint8_t> mask, CpuMask(cpu.cpus),
                            "linux.resources.cpu.cpus");
    properties->push_back({"AllowedCPUs", std::move(mask)});
  }
  if (!cpu.mems.empty()) {
    SYSBOX_ASSIGN_OR_RETURN(std::vector<uint8_t> mask, CpuMask(cpu.mems),
                            "linux.resources.cpu.mems");
    properties->push_back({"AllowedMemoryNodes", std::move(mask)});
  }
  return absl::OkStatus();
}

// "pts" for major 136, from the section of /proc/devices.
std::string DriverName(std::string_view proc_devices, char type,
                       int64_t major) {
  const std::string_view wanted =
      type == 'b' ? "Block devices:" : "Character devices:";
  bool inside = false;
  for (std::string_view line : SplitLines(proc_devices)) {
    if (line.ends_with(':')) {
      inside = line == wanted;
      continue;
    }
    const std::vector<std::string_view> fields = SplitFields(line);
    if (inside && fields.size() == 2 && ParseInt64(fields[0]) == major) {
      return std::string(fields[1]);
    }
  }
  return "";
}

// A DeviceAllow name, or "" where systemd knows none: then only our own rules
// speak for it.
std::string AllowName(const DeviceName& name, std::string_view proc_devices) {
  const char* type = name.type == 'b' ? "block" : "char";
  if (name.major == kAnyDevice) {
    return name.minor == kAnyDevice ? fmt::format("{}-*", type) : "";
  }
  if (name.minor != kAnyDevice) {
    return fmt::format("/dev/{}/{}:{}", type, name.major, name.minor);
  }
  const std::string driver = DriverName(proc_devices, name.type, name.major);
  return driver.empty() ? "" : fmt::format("{}-{}", type, driver);
}

std::string AllowAccess(int access) {
  std::string text;
  if (access & kDeviceRead) text += 'r';
  if (access & kDeviceWrite) text += 'w';
  if (access & kDeviceMknod) text += 'm';
  return text;
}

struct TextOf {
  std::string operator()(const std::string& value) const {
    return fmt::format("\"{}\"", value);
  }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(uint64_t value) const {
    return value == kUnlimited ? "infinity" : fmt::format("{}", value);
  }
  std::string operator()(
      const std::vector<std::pair<std::string, std::string>>& value) const {
    std::string text;
    for (const auto& [name, access] : value) {
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, access);
    }
    return fmt::format("[{}]", text);
  }
  template <typename T>
  std::string operator()(const std::vector<T>& value) const {
    return fmt::format("[{}]", fmt::join(value, ", "));
  }
};

}  // namespace

absl::StatusOr<std::string> SlicePath(std::string_view slice) {
  if (slice == "-.slice") return std::string();
  auto bad = [&] {
    return InvalidArgument("invalid slice name \"{}\"", slice);
  };
  if (!slice.ends_with(kSliceSuffix) || slice.size() == kSliceSuffix.size() ||
      slice.find('/') != std::string_view::npos) {
    return bad();
  }
  const std::string_view name =
      slice.substr(0, slice.size() - kSliceSuffix.size());
  std::string path;
  for (size_t dash = name.find('-');; dash = name.find('-', dash + 1)) {
    const std::string_view prefix = name.substr(0, dash);
    if (prefix.empty() || prefix.ends_with('-')) return bad();
    path += fmt::format("/{}{}", prefix, kSliceSuffix);
    if (dash == std::string_view::npos) return path;
  }
}

absl::StatusOr<SystemdUnit> ParseSystemdUnit(std::string_view cgroups_path,
                                             std::string_view container_id) {
  SystemdUnit unit;
  std::string prefix = "sysbox";
  std::string name(container_id);
  if (!cgroups_path.empty()) {
    const size_t first = cgroups_path.find(':');
    const size_t second = cgroups_path.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos ||
        cgroups_path.find(':', second + 1) != std::string_view::npos) {
      return InvalidArgument(
          "linux.cgroupsPath: expected \"slice:prefix:name\" for systemd "
          "cgroups, got \"{}\"",
          cgroups_path);
    }
    unit.slice = cgroups_path.substr(0, first);
    prefix = cgroups_path.substr(first + 1, second - first - 1);
    name = cgroups_path.substr(second + 1);
  }
  if (unit.slice.empty()) unit.slice = "system.slice";
  if (name.empty() || (prefix + name).find('/') != std::string::npos) {
    return InvalidArgument("linux.cgroupsPath: invalid unit name \"{}\"", name);
  }
  unit.name = prefix.empty() ? name + ".scope"
                             : fmt::format("{}-{}.scope", prefix, name);
  SYSBOX_ASSIGN_OR_RETURN(const std::string slice, SlicePath(unit.slice),
                          "linux.cgroupsPath");
  unit.path = fmt::format("{}/{}", slice, unit.name);
  return unit;
}

std::vector<UnitProperty> ScopeProperties(const SystemdUnit& unit,
                                          std::string_view description,
                                          bool unified, pid_t pid) {
  return {
      {"Description", std::string(description)},
      {"Slice", unit.slice},
      {"Delegate", true},
      {"PIDs", std::vector<uint32_t>{static_cast<uint32_t>(pid)}},
      {"MemoryAccounting", true},
      {"CPUAccounting", true},
      {unified ? "IOAccounting" : "BlockIOAccounting", true},
      {"TasksAccounting", true},
      {"DefaultDependencies", false},
  };
}

absl::StatusOr<std::vector<UnitProperty>> LimitProperties(
    const oci::Resources& resources, bool unified) {
  std::vector<UnitProperty> properties;
  SYSBOX_RETURN_IF_ERROR(
      AddMemory(Part(resources.memory), unified, &properties));
  AddCpu(Part(resources.cpu), unified, &properties);
  if (unified) {
    SYSBOX_RETURN_IF_ERROR(AddCpuset(Part(resources.cpu), &properties));
  }
  const uint16_t weight = Part(resources.block_io).weight.value_or(0);
  if (weight != 0) {
    properties.push_back(
        unified ? UnitProperty{"IOWeight", IoWeightFromBlkio(weight)}
                : UnitProperty{"BlockIOWeight", uint64_t{weight}});
  }
  AddLimit("TasksMax", Part(resources.pids).limit, &properties);
  return properties;
}

absl::StatusOr<std::vector<UnitProperty>> DeviceProperties(
    const oci::Resources& resources, std::string_view proc_devices) {
  std::vector<oci::DeviceRule> rules = resources.devices;
  rules.insert(rules.end(), DefaultDeviceRules().begin(),
               DefaultDeviceRules().end());
  SYSBOX_ASSIGN_OR_RETURN(const DeviceList list, BuildDeviceList(rules));
  if (list.default_allow) {
    // Exceptions from it systemd cannot express.
    return std::vector<UnitProperty>{{"DevicePolicy", std::string("auto")}};
  }
  std::vector<std::pair<std::string, std::string>> allowed;
  for (const auto& [name, access] : list.exceptions) {
    std::string device = AllowName(name, proc_devices);
    if (!device.empty()) allowed.emplace_back(device, AllowAccess(access));
  }
  return std::vector<UnitProperty>{{"DevicePolicy", std::string("strict")},
                                   {"DeviceAllow", std::move(allowed)}};
}

absl::StatusOr<std::vector<uint8_t>> CpuMask(std::string_view list) {
  std::vector<uint8_t> mask;
  for (std::string_view item : SplitFields(list, ", \n")) {
    const size_t dash = item.find('-');
    const std::optional<uint64_t> first = ParseUint64(item.substr(0, dash));
    const std::optional<uint64_t> last =
        dash == std::string_view::npos ? first
                                       : ParseUint64(item.substr(dash + 1));
    if (!first || !last || *first > *last || *last > kMaxCpu) {
      return InvalidArgument("malformed list \"{}\"", list);
    }
    if (mask.size() <= *last / 8) mask.resize(*last / 8 + 1);
    for (uint64_t cpu = *first; cpu <= *last; ++cpu) {
      mask[cpu / 8] |= static_cast<uint8_t>(1U << (cpu % 8));
    }
  }
  return mask;
}

std::string DescribeProperties(const std::vector<UnitProperty>& properties) {
  std::string text;
  for (const UnitProperty& property : properties) {
    text += fmt::format("{} = {}\n", property.name,
                        std::visit(TextOf(), property.value));
  }
  return text;
}

}  // namespace sysbox::cgroups
