#include "sysbox/cgroups/v1_stats.h"

#include <cerrno>
#include <optional>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/cgroups/control_file.h"
#include "sysbox/linux/file.h"

namespace sysbox::cgroups {
namespace {

// USER_HZ, the unit of cpuacct.stat: 100 on every architecture we build for.
constexpr uint64_t kNanosecondsPerTick = 10'000'000;

// "" when the file does not exist.
absl::StatusOr<std::string> ReadIfPresent(FdRef directory,
                                          std::string_view file) {
  absl::StatusOr<std::string> text = ReadFileAt(directory, file);
  const int error = ErrnoOf(text.status());
  // EOPNOTSUPP: a file of a feature that was turned off at boot.
  if (error == ENOENT || error == EOPNOTSUPP) return std::string();
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
  cpu.throttling_periods = FlatKeyedValue(text, "nr_periods").value_or(0);
  cpu.throttled_periods = FlatKeyedValue(text, "nr_throttled").value_or(0);
  cpu.throttled_time_ns = FlatKeyedValue(text, "throttled_time").value_or(0);
  return absl::OkStatus();
}

absl::Status Cpuacct(FdRef directory, Stats* stats) {
  CpuStats& cpu = stats->cpu;
  SYSBOX_RETURN_IF_ERROR(
      ReadNumber(directory, "cpuacct.usage", &cpu.usage_total_ns));
  SYSBOX_ASSIGN_OR_RETURN(const std::string split,
                          ReadIfPresent(directory, "cpuacct.stat"));
  cpu.usage_user_ns =
      FlatKeyedValue(split, "user").value_or(0) * kNanosecondsPerTick;
  cpu.usage_kernel_ns =
      FlatKeyedValue(split, "system").value_or(0) * kNanosecondsPerTick;
  SYSBOX_ASSIGN_OR_RETURN(const std::string each,
                          ReadIfPresent(directory, "cpuacct.usage_percpu"));
  cpu.usage_per_cpu_ns.clear();
  for (std::string_view field : SplitFields(each, " \n")) {
    cpu.usage_per_cpu_ns.push_back(ParseUint64(field).value_or(0));
  }
  SYSBOX_ASSIGN_OR_RETURN(const std::string all,
                          ReadIfPresent(directory, "cpuacct.usage_all"));
  ParseCpuacctAll(all, &cpu);
  return absl::OkStatus();
}

absl::Status CpusetLevel(FdRef directory, int64_t* level) {
  SYSBOX_ASSIGN_OR_RETURN(
      const std::string text,
      ReadIfPresent(directory, "cpuset.sched_relax_domain_level"));
  std::string_view number = Trim(text);
  const bool negative = !number.empty() && number.front() == '-';
  if (negative) number.remove_prefix(1);
  const auto value = static_cast<int64_t>(ParseUint64(number).value_or(0));
  *level = negative ? -value : value;
  return absl::OkStatus();
}

absl::Status Cpuset(FdRef directory, Stats* stats) {
  SYSBOX_ASSIGN_OR_RETURN(stats->cpuset_cpus,
                          ReadTextAt(directory, "cpuset.cpus"));
  SYSBOX_ASSIGN_OR_RETURN(stats->cpuset_mems,
                          ReadTextAt(directory, "cpuset.mems"));
  CpusetFlags& flags = stats->cpuset_flags;
  const struct {
    const char* file;
    uint64_t* value;
  } kFlags[] = {{"cpu_exclusive", &flags.cpu_exclusive},
                {"mem_hardwall", &flags.mem_hardwall},
                {"mem_exclusive", &flags.mem_exclusive},
                {"memory_migrate", &flags.memory_migrate},
                {"memory_spread_page", &flags.memory_spread_page},
                {"memory_spread_slab", &flags.memory_spread_slab},
                {"memory_pressure", &flags.memory_pressure},
                {"sched_load_balance", &flags.sched_load_balance}};
  for (const auto& [file, value] : kFlags) {
    SYSBOX_RETURN_IF_ERROR(
        ReadNumber(directory, fmt::format("cpuset.{}", file), value));
  }
  return CpusetLevel(directory, &flags.sched_relax_domain_level);
}

absl::Status Memory(FdRef directory, Stats* stats) {
  MemoryStats& memory = stats->memory;
  SYSBOX_ASSIGN_OR_RETURN(const std::string text,
                          ReadFileAt(directory, "memory.stat"));
  memory.raw = ParseFlatKeyed(text);
  // The processes live in the delegated child: "cache" alone would be 0.
  memory.cache = memory.raw["total_cache"];
  const struct {
    const char* name;
    MemoryEntry* entry;
  } kEntries[] = {{"memory", &memory.usage},
                  {"memory.memsw", &memory.swap},
                  {"memory.kmem", &memory.kernel},
                  {"memory.kmem.tcp", &memory.kernel_tcp}};
  for (const auto& [name, entry] : kEntries) {
    const std::string base = name;
    SYSBOX_RETURN_IF_ERROR(
        ReadNumber(directory, base + ".usage_in_bytes", &entry->usage));
    SYSBOX_RETURN_IF_ERROR(
        ReadNumber(directory, base + ".max_usage_in_bytes", &entry->max));
    SYSBOX_RETURN_IF_ERROR(
        ReadNumber(directory, base + ".failcnt", &entry->failcnt));
    SYSBOX_RETURN_IF_ERROR(
        ReadNumber(directory, base + ".limit_in_bytes", &entry->limit));
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

// The first source with entries: BFQ's, else the throttling layer's.
absl::StatusOr<std::vector<BlkioEntry>> FirstBlkio(FdRef directory,
                                                   std::string_view what) {
  for (const char* pattern :
       {"blkio.bfq.{}_recursive", "blkio.throttle.{}_recursive",
        "blkio.throttle.{}"}) {
    SYSBOX_ASSIGN_OR_RETURN(
        const std::string text,
        ReadIfPresent(directory, fmt::format(fmt::runtime(pattern), what)));
    std::vector<BlkioEntry> entries = ParseBlkio(text);
    if (!entries.empty()) return entries;
  }
  return std::vector<BlkioEntry>();
}

absl::Status Blkio(FdRef directory, Stats* stats) {
  SYSBOX_ASSIGN_OR_RETURN(stats->io_service_bytes,
                          FirstBlkio(directory, "io_service_bytes"));
  SYSBOX_ASSIGN_OR_RETURN(stats->io_serviced,
                          FirstBlkio(directory, "io_serviced"));
  return absl::OkStatus();
}

absl::Status Hugetlb(FdRef directory, Stats* stats) {
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<std::string> sizes,
                          HugetlbSizes(directory, ".usage_in_bytes"));
  for (const std::string& size : sizes) {
    HugetlbStats& entry = stats->hugetlb[size];
    const std::string base = fmt::format("hugetlb.{}", size);
    SYSBOX_RETURN_IF_ERROR(
        ReadNumber(directory, base + ".usage_in_bytes", &entry.usage));
    SYSBOX_RETURN_IF_ERROR(
        ReadNumber(directory, base + ".max_usage_in_bytes", &entry.max));
    SYSBOX_RETURN_IF_ERROR(
        ReadNumber(directory, base + ".failcnt", &entry.failcnt));
  }
  return absl::OkStatus();
}

struct Row {
  const char* controller;
  absl::Status (*add)(FdRef directory, Stats* stats);
};
constexpr Row kRows[] = {
    {"blkio", Blkio},   {"cpu", Cpu},         {"cpuacct", Cpuacct},
    {"cpuset", Cpuset}, {"hugetlb", Hugetlb}, {"memory", Memory},
    {"pids", Pids},
};

}  // namespace

absl::Status AddV1Stats(std::string_view controller, FdRef directory,
                        Stats* stats) {
  for (const Row& row : kRows) {
    if (row.controller != controller) continue;
    SYSBOX_RETURN_IF_ERROR(row.add(directory, stats), "{} statistics",
                           controller);
  }
  return absl::OkStatus();
}

void ParseCpuacctAll(std::string_view text, CpuStats* cpu) {
  cpu->kernel_per_cpu_ns.clear();
  cpu->user_per_cpu_ns.clear();
  for (std::string_view line : SplitLines(text)) {
    const std::vector<std::string_view> fields = SplitFields(line, " ");
    if (fields.size() != 3) continue;
    const std::optional<uint64_t> user = ParseUint64(fields[1]);
    const std::optional<uint64_t> kernel = ParseUint64(fields[2]);
    if (!user || !kernel) continue;  // the headline
    cpu->user_per_cpu_ns.push_back(*user);
    cpu->kernel_per_cpu_ns.push_back(*kernel);
  }
}

std::vector<BlkioEntry> ParseBlkio(std::string_view text) {
  std::vector<BlkioEntry> entries;
  for (std::string_view line : SplitLines(text)) {
    const std::vector<std::string_view> fields = SplitFields(line, " :");
    if (fields.size() != 4) continue;  // "Total 4096"
    const std::optional<uint64_t> major = ParseUint64(fields[0]);
    const std::optional<uint64_t> minor = ParseUint64(fields[1]);
    const std::optional<uint64_t> value = ParseUint64(fields[3]);
    if (!major || !minor || !value) continue;
    entries.push_back({*major, *minor, std::string(fields[2]), *value});
  }
  return entries;
}

absl::StatusOr<std::vector<std::string>> HugetlbSizes(FdRef directory,
                                                      std::string_view suffix) {
  constexpr std::string_view kPrefix = "hugetlb.";
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                          ListDirectory(directory));
  std::vector<std::string> sizes;
  for (const std::string& name : names) {
    const std::string_view view = name;
    if (!view.starts_with(kPrefix) || !view.ends_with(suffix)) continue;
    if (view.size() <= kPrefix.size() + suffix.size()) continue;
    const std::string_view size = view.substr(
        kPrefix.size(), view.size() - kPrefix.size() - suffix.size());
    // "2MB.rsvd" is no size.
    if (size.find('.') == std::string_view::npos) sizes.emplace_back(size);
  }
  return sizes;
}

}  // namespace sysbox::cgroups
