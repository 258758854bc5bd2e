#include "sysbox/cgroups/v1_settings.h"

#include <iterator>
#include <optional>
#include <string>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/cgroups/unversioned_settings.h"

namespace sysbox::cgroups {
namespace {

using Value = std::optional<std::string>;

template <typename T>
Value NonZero(const std::optional<T>& number) {
  if (!number || *number == 0) return std::nullopt;
  return fmt::format("{}", *number);
}

template <typename T>
Value Present(const std::optional<T>& number) {
  if (!number) return std::nullopt;
  return fmt::format("{}", *number);
}

// Members of optional parts, absent ones as empty parts.
template <typename T>
const T& Part(const std::optional<T>& part) {
  static const T kEmpty{};
  return part ? *part : kEmpty;
}

Value PidsLimit(const oci::Resources& r) {
  const int64_t limit = Part(r.pids).limit;
  if (limit == 0) return std::nullopt;
  return limit > 0 ? fmt::format("{}", limit) : "max";
}

Value Swappiness(const oci::Resources& r) {
  const std::optional<uint64_t>& swappiness = Part(r.memory).swappiness;
  // Docker sends "leave it" as -1.
  if (!swappiness || *swappiness == static_cast<uint64_t>(-1)) {
    return std::nullopt;
  }
  return fmt::format("{}", *swappiness);
}

Value OomKillDisable(const oci::Resources& r) {
  if (!Part(r.memory).disable_oom_killer.value_or(false)) return std::nullopt;
  return "1";
}

struct Row {
  const char* controller;
  const char* file;
  const char* field;
  Value (*value)(const oci::Resources& resources);
  bool retry_last = false;
  bool verify = false;
  bool in_child = false;
};

// Order matters within a controller. memory's and memory+swap's limits are
// MemoryLimits'; kernel memory limits are accepted and, as in runc since
// 1.0, without effect.
constexpr Row kRows[] = {
    {"cpu", "cpu.shares", "cpu.shares",
     [](const oci::Resources& r) { return NonZero(Part(r.cpu).shares); },
     /*retry_last=*/false, /*verify=*/true},
    {"cpu", "cpu.cfs_period_us", "cpu.period",
     [](const oci::Resources& r) { return NonZero(Part(r.cpu).period); },
     /*retry_last=*/true},
    {"cpu", "cpu.cfs_burst_us", "cpu.burst",
     [](const oci::Resources& r) { return Present(Part(r.cpu).burst); },
     /*retry_last=*/true},
    {"cpu", "cpu.cfs_quota_us", "cpu.quota",
     [](const oci::Resources& r) { return NonZero(Part(r.cpu).quota); }},
    {"cpu", "cpu.rt_period_us", "cpu.realtimePeriod",
     [](const oci::Resources& r) {
       return NonZero(Part(r.cpu).realtime_period);
     },
     /*retry_last=*/true},
    {"cpu", "cpu.rt_runtime_us", "cpu.realtimeRuntime",
     [](const oci::Resources& r) {
       return NonZero(Part(r.cpu).realtime_runtime);
     }},
    {"cpu", "cpu.idle", "cpu.idle",
     [](const oci::Resources& r) { return Present(Part(r.cpu).idle); }},
    {"memory", "memory.soft_limit_in_bytes", "memory.reservation",
     [](const oci::Resources& r) {
       return NonZero(Part(r.memory).reservation);
     },
     false, false, /*in_child=*/true},
    {"memory", "memory.oom_control", "memory.disableOOMKiller", OomKillDisable,
     false, false, /*in_child=*/true},
    {"memory", "memory.swappiness", "memory.swappiness", Swappiness, false,
     false, /*in_child=*/true},
    {"pids", "pids.max", "pids.limit", PidsLimit, false, false,
     /*in_child=*/true},
    {"net_cls", "net_cls.classid", "network.classID",
     [](const oci::Resources& r) { return NonZero(Part(r.network).class_id); }},
};

Setting MemoryLimit(int64_t limit) {
  return {"memory",
          "memory.limit_in_bytes",
          fmt::format("{}", limit),
          "memory.limit",
          {.in_child = true}};
}

Setting SwapLimit(int64_t limit) {
  return {"memory",
          "memory.memsw.limit_in_bytes",
          fmt::format("{}", limit),
          "memory.swap",
          {.in_child = true}};
}

void MemoryLimits(const oci::Memory& memory, uint64_t current_limit,
                  std::vector<Setting>* settings) {
  const int64_t limit = memory.limit.value_or(0);
  const int64_t swap = memory.swap.value_or(0);
  if (limit == -1 && swap == 0) {
    // Unlimited memory implies unlimited swap, where the kernel counts it.
    settings->push_back(SwapLimit(-1));
    settings->back().how.optional = true;
    settings->push_back(MemoryLimit(-1));
    return;
  }
  const bool swap_first =
      limit != 0 && swap != 0 &&
      (swap == -1 || current_limit < static_cast<uint64_t>(swap));
  if (swap_first) settings->push_back(SwapLimit(swap));
  if (limit != 0) settings->push_back(MemoryLimit(limit));
  if (swap != 0 && !swap_first) settings->push_back(SwapLimit(swap));
}

std::string DeviceKey(int64_t major, int64_t minor) {
  return fmt::format("{}:{}", major, minor);
}

struct ThrottleRow {
  std::vector<oci::ThrottleDevice> oci::BlockIo::*devices;
  const char* file;
  const char* field;
};

constexpr ThrottleRow kThrottleRows[] = {
    {&oci::BlockIo::throttle_read_bps_device, "blkio.throttle.read_bps_device",
     "throttleReadBpsDevice"},
    {&oci::BlockIo::throttle_write_bps_device,
     "blkio.throttle.write_bps_device", "throttleWriteBpsDevice"},
    {&oci::BlockIo::throttle_read_iops_device,
     "blkio.throttle.read_iops_device", "throttleReadIOPSDevice"},
    {&oci::BlockIo::throttle_write_iops_device,
     "blkio.throttle.write_iops_device", "throttleWriteIOPSDevice"},
};

Setting Weight(const char* name, const char* field, std::string value) {
  return {"blkio",
          fmt::format("blkio.{}", name),
          value,
          fmt::format("blockIO.{}", field),
          {.fallback_file = fmt::format("blkio.bfq.{}", name),
           .fallback_value = value}};
}

void WeightDevices(const oci::BlockIo& io, std::vector<Setting>* settings) {
  for (size_t i = 0; i < io.weight_device.size(); ++i) {
    const oci::WeightDevice& device = io.weight_device[i];
    const std::string key = DeviceKey(device.major, device.minor);
    auto add = [&](const char* name, const char* field,
                   std::optional<uint16_t> weight) {
      if (weight.value_or(0) == 0) return;
      Setting setting = Weight(name, "", fmt::format("{} {}", key, *weight));
      setting.field = fmt::format("blockIO.weightDevice[{}].{}", i, field);
      setting.how.key = key;
      setting.how.reset = std::string("0");  // gcc 12 misjudges ="0"
      settings->push_back(std::move(setting));
    };
    add("weight_device", "weight", device.weight);
    add("leaf_weight_device", "leafWeight", device.leaf_weight);
  }
}

void BlockIo(const oci::BlockIo& io, std::vector<Setting>* settings) {
  if (io.weight.value_or(0) != 0) {
    settings->push_back(
        Weight("weight", "weight", fmt::format("{}", *io.weight)));
  }
  if (io.leaf_weight.value_or(0) != 0) {
    settings->push_back(Weight("leaf_weight", "leafWeight",
                               fmt::format("{}", *io.leaf_weight)));
  }
  WeightDevices(io, settings);
  for (const ThrottleRow& row : kThrottleRows) {
    const std::vector<oci::ThrottleDevice>& devices = io.*row.devices;
    for (size_t i = 0; i < devices.size(); ++i) {
      const std::string key = DeviceKey(devices[i].major, devices[i].minor);
      settings->push_back({"blkio",
                           row.file,
                           fmt::format("{} {}", key, devices[i].rate),
                           fmt::format("blockIO.{}[{}]", row.field, i),
                           {.key = key, .reset = "0"}});
    }
  }
}

void Hugetlb(const oci::Resources& r, std::vector<Setting>* settings) {
  for (size_t i = 0; i < r.hugepage_limits.size(); ++i) {
    const oci::HugepageLimit& limit = r.hugepage_limits[i];
    const std::string field = fmt::format("hugepageLimits[{}]", i);
    const std::string value = fmt::format("{}", limit.limit);
    const std::string base = fmt::format("hugetlb.{}", limit.page_size);
    settings->push_back({"hugetlb", base + ".limit_in_bytes", value, field});
    settings->push_back({"hugetlb",
                         base + ".rsvd.limit_in_bytes",
                         value,
                         field,
                         {.optional = true}});  // Linux 5.7
  }
}

void Priorities(const oci::Resources& r, std::vector<Setting>* settings) {
  const auto& priorities = Part(r.network).priorities;
  for (size_t i = 0; i < priorities.size(); ++i) {
    settings->push_back(
        {"net_prio",
         "net_prio.ifpriomap",
         fmt::format("{} {}", priorities[i].name, priorities[i].priority),
         fmt::format("network.priorities[{}]", i),
         {.key = priorities[i].name, .reset = "0"}});
  }
}

}  // namespace

absl::StatusOr<std::vector<Setting>> V1Settings(const oci::Resources& resources,
                                                uint64_t current_memory_limit) {
  const Value swappiness = Swappiness(resources);
  if (swappiness && Part(resources.memory).swappiness > 100) {
    return InvalidArgument(
        "linux.resources.memory.swappiness: invalid value {} (valid range is "
        "0-100)",
        *swappiness);
  }
  std::vector<Setting> settings;
  MemoryLimits(Part(resources.memory), current_memory_limit, &settings);
  for (const Row& row : kRows) {
    Value value = row.value(resources);
    if (!value) continue;
    settings.push_back({row.controller,
                        row.file,
                        *std::move(value),
                        row.field,
                        {.retry_last = row.retry_last,
                         .verify = row.verify,
                         .in_child = row.in_child}});
  }
  BlockIo(Part(resources.block_io), &settings);
  Hugetlb(resources, &settings);
  AppendRdma(resources, &settings);
  Priorities(resources, &settings);
  return settings;
}

}  // namespace sysbox::cgroups
