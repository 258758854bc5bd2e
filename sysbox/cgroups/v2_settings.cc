#include "sysbox/cgroups/v2_settings.h"

#include <string>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/cgroups/control_file.h"
#include "sysbox/cgroups/unversioned_settings.h"

namespace sysbox::cgroups {
namespace {

// 0 is unset, -1 "max".
std::string LimitText(int64_t limit) {
  if (limit == 0) return "";
  return limit < 0 ? "max" : fmt::format("{}", limit);
}

void AddNonEmpty(Setting setting, std::vector<Setting>* settings) {
  if (!setting.value.empty()) settings->push_back(std::move(setting));
}

absl::Status Memory(const oci::Memory& memory, std::vector<Setting>* settings) {
  const int64_t limit = memory.limit.value_or(0);
  bool disable_swap = false;
  SYSBOX_ASSIGN_OR_RETURN(
      const int64_t swap,
      SwapOnly(memory.swap.value_or(0), limit, &disable_swap),
      "linux.resources.memory.swap");
  // swap first, as runc: when lowering both, memory.max may need the swap.
  AddNonEmpty({"memory",
               "memory.swap.max",
               disable_swap ? "0" : LimitText(swap),
               "memory.swap",
               // Not there without CONFIG_SWAP; unlimited then is no request.
               {.optional = swap == -1}},
              settings);
  AddNonEmpty({"memory", "memory.max", LimitText(limit), "memory.limit"},
              settings);
  AddNonEmpty({"memory", "memory.low",
               LimitText(memory.reservation.value_or(0)), "memory.reservation"},
              settings);
  return absl::OkStatus();
}

void Cpu(const oci::Cpu& cpu, std::vector<Setting>* settings) {
  if (cpu.shares.value_or(0) != 0) {
    settings->push_back({"cpu", "cpu.weight",
                         fmt::format("{}", CpuWeightFromShares(*cpu.shares)),
                         "cpu.shares"});
  }
  const int64_t quota = cpu.quota.value_or(0);
  const uint64_t period = cpu.period.value_or(0);
  if (cpu.burst) {
    settings->push_back({"cpu",
                         "cpu.max.burst",
                         fmt::format("{}", *cpu.burst),
                         "cpu.burst",
                         {.retry_last = true}});
  }
  if (quota != 0 || period != 0) {
    settings->push_back(
        {"cpu", "cpu.max",
         fmt::format("{} {}", quota > 0 ? fmt::format("{}", quota) : "max",
                     period == 0 ? 100000 : period),
         quota != 0 ? "cpu.quota" : "cpu.period"});
  }
  if (cpu.idle) {
    settings->push_back(
        {"cpu", "cpu.idle", fmt::format("{}", *cpu.idle), "cpu.idle"});
  }
  AddNonEmpty({"cpuset", "cpuset.cpus", cpu.cpus, "cpu.cpus"}, settings);
  AddNonEmpty({"cpuset", "cpuset.mems", cpu.mems, "cpu.mems"}, settings);
}

constexpr char kNoIoLimit[] = "rbps=max wbps=max riops=max wiops=max";

struct ThrottleRow {
  std::vector<oci::ThrottleDevice> oci::BlockIo::*devices;
  const char* key;
  const char* field;
};

constexpr ThrottleRow kThrottleRows[] = {
    {&oci::BlockIo::throttle_read_bps_device, "rbps", "throttleReadBpsDevice"},
    {&oci::BlockIo::throttle_write_bps_device, "wbps",
     "throttleWriteBpsDevice"},
    {&oci::BlockIo::throttle_read_iops_device, "riops",
     "throttleReadIOPSDevice"},
    {&oci::BlockIo::throttle_write_iops_device, "wiops",
     "throttleWriteIOPSDevice"},
};

void Weights(const oci::BlockIo& io, std::vector<Setting>* settings) {
  if (io.weight.value_or(0) != 0) {
    settings->push_back(
        {"io",
         "io.bfq.weight",
         fmt::format("{}", *io.weight),
         "blockIO.weight",
         {.fallback_file = "io.weight",
          .fallback_value = fmt::format("{}", IoWeightFromBlkio(*io.weight))}});
  }
  for (size_t i = 0; i < io.weight_device.size(); ++i) {
    const oci::WeightDevice& device = io.weight_device[i];
    if (device.weight.value_or(0) == 0) continue;
    const std::string key = fmt::format("{}:{}", device.major, device.minor);
    settings->push_back({"io",
                         "io.bfq.weight",
                         fmt::format("{} {}", key, *device.weight),
                         fmt::format("blockIO.weightDevice[{}].weight", i),
                         {.fallback_file = "io.weight",
                          .fallback_value = fmt::format(
                              "{} {}", key, IoWeightFromBlkio(*device.weight)),
                          .key = key,
                          .reset = "default"}});
  }
}

void Io(const oci::BlockIo& io, std::vector<Setting>* settings) {
  Weights(io, settings);
  for (const ThrottleRow& row : kThrottleRows) {
    const std::vector<oci::ThrottleDevice>& devices = io.*row.devices;
    for (size_t i = 0; i < devices.size(); ++i) {
      const std::string key =
          fmt::format("{}:{}", devices[i].major, devices[i].minor);
      // v1's "0" lifts the limit; io.max refuses it and says "max".
      const std::string rate =
          devices[i].rate == 0 ? "max" : fmt::format("{}", devices[i].rate);
      settings->push_back({"io",
                           "io.max",
                           fmt::format("{} {}={}", key, row.key, rate),
                           fmt::format("blockIO.{}[{}]", row.field, i),
                           {.key = key, .reset = kNoIoLimit}});
    }
  }
}

void Hugetlb(const oci::Resources& r, std::vector<Setting>* settings) {
  for (size_t i = 0; i < r.hugepage_limits.size(); ++i) {
    const oci::HugepageLimit& limit = r.hugepage_limits[i];
    const std::string field = fmt::format("hugepageLimits[{}]", i);
    const std::string value = fmt::format("{}", limit.limit);
    const std::string base = fmt::format("hugetlb.{}", limit.page_size);
    settings->push_back({"hugetlb", base + ".max", value, field});
    settings->push_back({"hugetlb",
                         base + ".rsvd.max",
                         value,
                         field,
                         {.optional = true}});  // Linux 5.7
  }
}

// Files with a line per device ("8:0 …"), written one line at a time.
bool HasLines(std::string_view file) { return file.substr(0, 3) == "io."; }

// "memory.high": "1G", a file of the container's directory by name.
absl::Status Unified(const oci::Resources& r, std::vector<Setting>* settings) {
  for (const auto& [file, value] : r.unified) {
    const std::string field = fmt::format("unified[\"{}\"]", file);
    const size_t dot = file.find('.');
    if (file.find('/') != std::string::npos) {
      return InvalidArgument(
          "linux.resources.{}: must be a file name (no slashes)", field);
    }
    if (dot == std::string::npos || dot == 0) {
      return InvalidArgument(
          "linux.resources.{}: must be in the form CONTROLLER.PARAMETER",
          field);
    }
    std::string controller = file.substr(0, dot);
    if (controller == "cgroup") controller.clear();
    for (std::string_view line : SplitLines(value)) {
      settings->push_back({controller, file, std::string(line), field});
      const std::vector<std::string_view> words = SplitFields(line);
      if (words.size() < 2 || !HasLines(file)) continue;
      settings->back().how.key = words.front();
      settings->back().how.reset = file == "io.max" ? kNoIoLimit : "default";
    }
  }
  return absl::OkStatus();
}

}  // namespace

uint64_t CpuWeightFromShares(uint64_t shares) {
  if (shares == 0) return 0;
  if (shares < 2) shares = 2;
  if (shares > 262144) shares = 262144;
  return 1 + (shares - 2) * 9999 / 262142;
}

uint64_t IoWeightFromBlkio(uint16_t weight) {
  if (weight == 0) return 0;
  if (weight < 10) weight = 10;
  return 1 + (uint64_t{weight} - 10) * 9999 / 990;
}

absl::StatusOr<int64_t> SwapOnly(int64_t memory_and_swap, int64_t memory,
                                 bool* disable) {
  *disable = false;
  if (memory == -1 && memory_and_swap == 0) return -1;
  if (memory_and_swap == -1 || memory_and_swap == 0) return memory_and_swap;
  if (memory == -1) return memory_and_swap;
  if (memory == 0) {
    return InvalidArgument("unable to set swap limit without memory limit");
  }
  if (memory < 0 || memory_and_swap < memory) {
    return InvalidArgument("memory+swap limit should be >= memory limit");
  }
  *disable = memory_and_swap == memory;
  return memory_and_swap - memory;
}

absl::StatusOr<std::vector<Setting>> V2Settings(
    const oci::Resources& resources) {
  std::vector<Setting> settings;
  if (resources.pids) {
    AddNonEmpty(
        {"pids", "pids.max", LimitText(resources.pids->limit), "pids.limit"},
        &settings);
  }
  if (resources.memory) {
    SYSBOX_RETURN_IF_ERROR(Memory(*resources.memory, &settings));
  }
  if (resources.block_io) Io(*resources.block_io, &settings);
  if (resources.cpu) Cpu(*resources.cpu, &settings);
  Hugetlb(resources, &settings);
  AppendRdma(resources, &settings);
  SYSBOX_RETURN_IF_ERROR(Unified(resources, &settings));
  return settings;
}

}  // namespace sysbox::cgroups
