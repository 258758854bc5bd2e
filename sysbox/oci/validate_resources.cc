#include "sysbox/oci/validate_resources.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "sysbox/base/status.h"
#include "sysbox/oci/quoted.h"

namespace sysbox::oci {
namespace {

constexpr int64_t kMaxDeviceNumber = std::numeric_limits<uint32_t>::max();

template <typename T>
absl::Status CheckRange(std::optional<T> value, T min, T max,
                        std::string_view field) {
  if (!value || (*value >= min && *value <= max)) return absl::OkStatus();
  return InvalidArgument("{}: {} is not from {} to {}", field, *value, min,
                         max);
}

// 0 leaves the value as it is, as runc takes it.
template <typename T>
absl::Status CheckRangeOrZero(std::optional<T> value, T min, T max,
                              std::string_view field) {
  if (value == T{0}) return absl::OkStatus();
  return CheckRange(value, min, max, field);
}

// Bytes or microseconds, -1 for no limit.
absl::Status CheckLimit(std::optional<int64_t> value, std::string_view field) {
  return CheckRange<int64_t>(value, -1, std::numeric_limits<int64_t>::max(),
                             field);
}

absl::Status CheckDevices(const Resources& resources) {
  for (size_t i = 0; i < resources.devices.size(); ++i) {
    const DeviceRule& rule = resources.devices[i];
    if (!rule.type.empty() && rule.type != "a" && rule.type != "c" &&
        rule.type != "b") {
      return InvalidArgument("devices[{}].type: unknown value {}", i,
                             Quoted(rule.type));
    }
    if (rule.access.empty()) {
      return InvalidArgument("devices[{}].access: empty", i);
    }
    if (rule.access.find_first_not_of("rwm") != std::string::npos) {
      return InvalidArgument("devices[{}].access: {} is not made of r, w, m", i,
                             Quoted(rule.access));
    }
    // -1 is any, as an absent number is.
    absl::Status status =
        CheckRange<int64_t>(rule.major, -1, kMaxDeviceNumber, "major");
    status.Update(
        CheckRange<int64_t>(rule.minor, -1, kMaxDeviceNumber, "minor"));
    if (!status.ok()) {
      return InvalidArgument("devices[{}].{}", i, MessageOf(status));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckMemory(const Resources& resources) {
  if (!resources.memory) return absl::OkStatus();
  const Memory& memory = *resources.memory;
  SYSBOX_RETURN_IF_ERROR(CheckLimit(memory.limit, "memory.limit"));
  SYSBOX_RETURN_IF_ERROR(CheckLimit(memory.reservation, "memory.reservation"));
  SYSBOX_RETURN_IF_ERROR(CheckLimit(memory.swap, "memory.swap"));
  SYSBOX_RETURN_IF_ERROR(
      CheckRange<uint64_t>(memory.swappiness, 0, 100, "memory.swappiness"));
  // Swap counts memory and swap together.
  int64_t limit = memory.limit.value_or(0);
  int64_t swap = memory.swap.value_or(0);
  if (limit > 0 && swap > 0 && swap < limit) {
    return InvalidArgument(
        "memory.swap: {} is less than memory.limit, {}, which it includes",
        swap, limit);
  }
  return absl::OkStatus();
}

// The syntax of cpuset.cpus (cpuset(7), "List format"); numbers are the
// kernel's to judge.
absl::Status CheckCpuList(const std::string& list, std::string_view field) {
  if (list.find_first_not_of("0123456789,-:/ \n") == list.npos) {
    return absl::OkStatus();
  }
  return InvalidArgument("{}: {} is not a list of numbers", field,
                         Quoted(list));
}

absl::Status CheckCpu(const Resources& resources) {
  if (!resources.cpu) return absl::OkStatus();
  const Cpu& cpu = *resources.cpu;
  SYSBOX_RETURN_IF_ERROR(
      CheckRangeOrZero<uint64_t>(cpu.shares, 2, 262144, "cpu.shares"));
  SYSBOX_RETURN_IF_ERROR(CheckLimit(cpu.quota, "cpu.quota"));
  SYSBOX_RETURN_IF_ERROR(
      CheckRangeOrZero<uint64_t>(cpu.period, 1000, 1000000, "cpu.period"));
  SYSBOX_RETURN_IF_ERROR(
      CheckLimit(cpu.realtime_runtime, "cpu.realtimeRuntime"));
  SYSBOX_RETURN_IF_ERROR(CheckRange<int64_t>(cpu.idle, 0, 1, "cpu.idle"));
  SYSBOX_RETURN_IF_ERROR(CheckCpuList(cpu.cpus, "cpu.cpus"));
  return CheckCpuList(cpu.mems, "cpu.mems");
}

absl::Status CheckDeviceNumber(int64_t major, int64_t minor) {
  SYSBOX_RETURN_IF_ERROR(
      CheckRange<int64_t>(major, 0, kMaxDeviceNumber, "major"));
  return CheckRange<int64_t>(minor, 0, kMaxDeviceNumber, "minor");
}

absl::Status CheckWeight(std::optional<uint16_t> weight,
                         std::string_view field) {
  return CheckRangeOrZero<uint16_t>(weight, 10, 1000, field);
}

struct ThrottleRow {
  std::string_view name;
  std::vector<ThrottleDevice> BlockIo::*devices;
};
constexpr ThrottleRow kThrottles[] = {
    {"throttleReadBpsDevice", &BlockIo::throttle_read_bps_device},
    {"throttleWriteBpsDevice", &BlockIo::throttle_write_bps_device},
    {"throttleReadIOPSDevice", &BlockIo::throttle_read_iops_device},
    {"throttleWriteIOPSDevice", &BlockIo::throttle_write_iops_device},
};

absl::Status CheckBlockIo(const Resources& resources) {
  if (!resources.block_io) return absl::OkStatus();
  const BlockIo& io = *resources.block_io;
  SYSBOX_RETURN_IF_ERROR(CheckWeight(io.weight, "blockIO.weight"));
  SYSBOX_RETURN_IF_ERROR(CheckWeight(io.leaf_weight, "blockIO.leafWeight"));
  for (size_t i = 0; i < io.weight_device.size(); ++i) {
    const WeightDevice& device = io.weight_device[i];
    absl::Status status = CheckDeviceNumber(device.major, device.minor);
    status.Update(CheckWeight(device.weight, "weight"));
    status.Update(CheckWeight(device.leaf_weight, "leafWeight"));
    if (!status.ok()) {
      return InvalidArgument("blockIO.weightDevice[{}].{}", i,
                             MessageOf(status));
    }
  }
  for (const ThrottleRow& row : kThrottles) {
    for (size_t i = 0; i < (io.*row.devices).size(); ++i) {
      const ThrottleDevice& device = (io.*row.devices)[i];
      absl::Status status = CheckDeviceNumber(device.major, device.minor);
      if (!status.ok()) {
        return InvalidArgument("blockIO.{}[{}].{}", row.name, i,
                               MessageOf(status));
      }
    }
  }
  return absl::OkStatus();
}

// "64KB", "2MB", "1GB": the names in /sys/fs/cgroup/*/hugetlb.NAME.*.
bool IsPageSize(std::string_view name) {
  size_t digits = name.find_first_not_of("0123456789");
  if (digits == 0 || digits == name.npos || name[0] == '0') return false;
  std::string_view unit = name.substr(digits);
  return unit == "KB" || unit == "MB" || unit == "GB";
}

absl::Status CheckHugepages(const Resources& resources) {
  for (size_t i = 0; i < resources.hugepage_limits.size(); ++i) {
    const std::string& size = resources.hugepage_limits[i].page_size;
    if (IsPageSize(size)) continue;
    return InvalidArgument(
        "hugepageLimits[{}].pageSize: {} is not like \"2MB\"", i, Quoted(size));
  }
  return absl::OkStatus();
}

// Words of a "NAME VALUE" line written to a cgroup file.
bool IsWord(std::string_view name) {
  return !name.empty() && name.find_first_of(" \t\n/") == name.npos;
}

absl::Status CheckNetwork(const Resources& resources) {
  if (!resources.network) return absl::OkStatus();
  const auto& priorities = resources.network->priorities;
  for (size_t i = 0; i < priorities.size(); ++i) {
    if (IsWord(priorities[i].name)) continue;
    return InvalidArgument(
        "network.priorities[{}].name: {} is no interface name", i,
        Quoted(priorities[i].name));
  }
  return absl::OkStatus();
}

absl::Status CheckRdma(const Resources& resources) {
  for (const auto& [device, limit] : resources.rdma) {
    if (IsWord(device)) continue;
    return InvalidArgument("rdma: {} is no device name", Quoted(device));
  }
  return absl::OkStatus();
}

absl::Status CheckUnified(const Resources& resources) {
  for (const auto& [file, value] : resources.unified) {
    size_t dot = file.find('.');
    // No slash: the value must not land outside the container's cgroup.
    if (IsWord(file) && dot != file.npos && dot != 0) continue;
    return InvalidArgument(
        "unified: {} is not of the form CONTROLLER.PARAMETER", Quoted(file));
  }
  return absl::OkStatus();
}

constexpr absl::Status (*kChecks[])(const Resources&) = {
    &CheckDevices,   &CheckMemory,  &CheckCpu,  &CheckBlockIo,
    &CheckHugepages, &CheckNetwork, &CheckRdma, &CheckUnified,
};

}  // namespace

absl::Status ValidateResources(const Resources& resources,
                               std::string_view field) {
  for (auto check : kChecks) {
    absl::Status status = check(resources);
    if (!status.ok()) {
      return InvalidArgument("{}{}{}", field, field.empty() ? "" : ".",
                             MessageOf(status));
    }
  }
  return absl::OkStatus();
}

}  // namespace sysbox::oci
