#include "sysbox/cgroups/v2_stats.h"

#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/cgroups/control_file.h"
#include "sysbox/cgroups/v1_stats.h"
#include "sysbox/linux/file.h"

namespace sysbox::cgroups {
namespace {

constexpr uint64_t kNanosecondsPerMicrosecond = 1000;

absl::StatusOr<std::string> ReadIfPresent(FdRef directory,
                                          const std::string& file) {
  absl::StatusOr<std::string> text = ReadFileAt(directory, file);
  if (ErrnoOf(text.status()) == ENOENT) return std::string();
  return text;
}

absl::Status ReadNumber(FdRef directory, const std::string& file,
                        uint64_t* value) {
  SYSBOX_ASSIGN_OR_RETURN(const std::string text,
                          ReadIfPresent(directory, file));
  if (std::optional<uint64_t> number = ParseLimit(Trim(text))) *value = *number;
  return absl::OkStatus();
}

absl::Status Cpu(FdRef directory, Stats* stats) {
  SYSBOX_ASSIGN_OR_RETURN(const std::string text,
                          ReadIfPresent(directory, "cpu.stat"));
  CpuStats& cpu = stats->cpu;
  auto value = [&text](std::string_view key) {
    return FlatKeyedValue(text, key).value_or(0);
  };
  cpu.usage_total_ns = value("usage_usec") * kNanosecondsPerMicrosecond;
  cpu.usage_user_ns = value("user_usec") * kNanosecondsPerMicrosecond;
  cpu.usage_kernel_ns = value("system_usec") * kNanosecondsPerMicrosecond;
  cpu.throttling_periods = value("nr_periods");
  cpu.throttled_periods = value("nr_throttled");
  cpu.throttled_time_ns = value("throttled_usec") * kNanosecondsPerMicrosecond;
  return absl::OkStatus();
}

absl::Status Cpuset(FdRef directory, Stats* stats) {
  SYSBOX_ASSIGN_OR_RETURN(const std::string cpus,
                          ReadIfPresent(directory, "cpuset.cpus.effective"));
  SYSBOX_ASSIGN_OR_RETURN(const std::string mems,
                          ReadIfPresent(directory, "cpuset.mems.effective"));
  stats->cpuset_cpus = Trim(cpus);
  stats->cpuset_mems = Trim(mems);
  return absl::OkStatus();
}

absl::Status Memory(FdRef directory, Stats* stats) {
  MemoryStats& memory = stats->memory;
  SYSBOX_ASSIGN_OR_RETURN(const std::string text,
                          ReadIfPresent(directory, "memory.stat"));
  memory.raw = ParseFlatKeyed(text);
  memory.cache = memory.raw["file"];
  const struct {
    const char* file;
    uint64_t* value;
  } kNumbers[] = {{"memory.current", &memory.usage.usage},
                  {"memory.max", &memory.usage.limit},
                  {"memory.peak", &memory.usage.max},
                  {"memory.swap.current", &memory.swap.usage},
                  {"memory.swap.max", &memory.swap.limit}};
  for (const auto& [file, value] : kNumbers) {
    SYSBOX_RETURN_IF_ERROR(ReadNumber(directory, file, value));
  }
  SYSBOX_ASSIGN_OR_RETURN(const std::string events,
                          ReadIfPresent(directory, "memory.events"));
  memory.usage.failcnt = FlatKeyedValue(events, "max").value_or(0);
  memory.swap.usage += memory.usage.usage;
  if (memory.swap.limit != kUnlimited) {
    memory.swap.limit = memory.usage.limit == kUnlimited
                            ? kUnlimited
                            : memory.swap.limit + memory.usage.limit;
  }
  return absl::OkStatus();
}

absl::Status Pids(FdRef directory, Stats* stats) {
  SYSBOX_RETURN_IF_ERROR(
      ReadNumber(directory, "pids.current", &stats->pids_current));
  SYSBOX_RETURN_IF_ERROR(ReadNumber(directory, "pids.max", &stats->pids_limit));
  if (stats->pids_limit == kUnlimited) stats->pids_limit = 0;
  return absl::OkStatus();
}

absl::Status Io(FdRef directory, Stats* stats) {
  SYSBOX_ASSIGN_OR_RETURN(const std::string text,
                          ReadIfPresent(directory, "io.stat"));
  AddIoStat(text, stats);
  return absl::OkStatus();
}

absl::Status Hugetlb(FdRef directory, Stats* stats) {
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<std::string> sizes,
                          HugetlbSizes(directory, ".current"));
  for (const std::string& size : sizes) {
    HugetlbStats& entry = stats->hugetlb[size];
    const std::string base = fmt::format("hugetlb.{}", size);
    SYSBOX_RETURN_IF_ERROR(
        ReadNumber(directory, base + ".current", &entry.usage));
    SYSBOX_ASSIGN_OR_RETURN(const std::string events,
                            ReadIfPresent(directory, base + ".events"));
    entry.failcnt = FlatKeyedValue(events, "max").value_or(0);
  }
  return absl::OkStatus();
}

struct Row {
  const char* controller;
  absl::Status (*add)(FdRef directory, Stats* stats);
};
constexpr Row kRows[] = {
    {"cpu", Cpu}, {"cpuset", Cpuset}, {"hugetlb", Hugetlb},
    {"io", Io},   {"memory", Memory}, {"pids", Pids},
};

struct IoKey {
  const char* key;
  const char* op;
  std::vector<BlkioEntry> Stats::*entries;
};
constexpr IoKey kIoKeys[] = {
    {"rbytes", "Read", &Stats::io_service_bytes},
    {"wbytes", "Write", &Stats::io_service_bytes},
    {"dbytes", "Discard", &Stats::io_service_bytes},
    {"rios", "Read", &Stats::io_serviced},
    {"wios", "Write", &Stats::io_serviced},
    {"dios", "Discard", &Stats::io_serviced},
};

}  // namespace

absl::Status AddV2Stats(std::string_view controller, FdRef directory,
                        Stats* stats) {
  for (const Row& row : kRows) {
    if (row.controller != controller) continue;
    SYSBOX_RETURN_IF_ERROR(row.add(directory, stats), "{} statistics",
                           controller);
  }
  return absl::OkStatus();
}

void AddIoStat(std::string_view text, Stats* stats) {
  for (std::string_view line : SplitLines(text)) {
    const std::vector<std::string_view> fields = SplitFields(line, " :=");
    std::optional<uint64_t> major, minor;
    for (size_t i = 0; i + 1 < fields.size(); i += 2) {
      const std::optional<uint64_t> value = ParseUint64(fields[i + 1]);
      // Not only at the beginning: Linux 5.15 ends no line of a device without
      // numbers, and the next one's name follows.
      if (const std::optional<uint64_t> number = ParseUint64(fields[i])) {
        major = number;
        minor = value;
        continue;
      }
      if (!major || !minor || !value) continue;
      for (const IoKey& row : kIoKeys) {
        if (row.key != fields[i]) continue;
        (stats->*row.entries).push_back({*major, *minor, row.op, *value});
      }
    }
  }
}

}  // namespace sysbox::cgroups
