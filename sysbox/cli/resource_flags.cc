#include "sysbox/cli/resource_flags.h"

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"

namespace sysbox::cli {
namespace {

using oci::Resources;

oci::Memory& MemoryOf(Resources& resources) {
  if (!resources.memory.has_value()) resources.memory.emplace();
  return *resources.memory;
}
oci::Cpu& CpuOf(Resources& resources) {
  if (!resources.cpu.has_value()) resources.cpu.emplace();
  return *resources.cpu;
}

absl::Status SetUnsigned(std::string_view text, std::optional<uint64_t>& out) {
  out = ParseUint64(text);
  if (out.has_value()) return absl::OkStatus();
  return InvalidArgument("\"{}\" is not a number", text);
}
absl::Status SetSigned(std::string_view text, std::optional<int64_t>& out) {
  out = ParseInt64(text);
  if (out.has_value()) return absl::OkStatus();
  return InvalidArgument("\"{}\" is not a number", text);
}
// -1: no limit.
absl::Status SetSize(std::string_view text, std::optional<int64_t>& out) {
  if (text == "-1") {
    out = -1;
    return absl::OkStatus();
  }
  SYSBOX_ASSIGN_OR_RETURN(out, ParseSize(text));
  return absl::OkStatus();
}

absl::Status SetBlkioWeight(std::string_view text, Resources& resources) {
  std::optional<uint64_t> weight = ParseUint64(text);
  if (!weight.has_value() || *weight > 1000 || (*weight < 10 && *weight != 0)) {
    return InvalidArgument("\"{}\" is not within 10..1000", text);
  }
  if (!resources.block_io.has_value()) resources.block_io.emplace();
  resources.block_io->weight = static_cast<uint16_t>(*weight);
  return absl::OkStatus();
}
absl::Status SetCpuPeriod(std::string_view text, Resources& resources) {
  return SetUnsigned(text, CpuOf(resources).period);
}
absl::Status SetCpuQuota(std::string_view text, Resources& resources) {
  return SetSigned(text, CpuOf(resources).quota);
}
absl::Status SetCpuBurst(std::string_view text, Resources& resources) {
  return SetUnsigned(text, CpuOf(resources).burst);
}
absl::Status SetCpuShare(std::string_view text, Resources& resources) {
  return SetUnsigned(text, CpuOf(resources).shares);
}
absl::Status SetCpuRtPeriod(std::string_view text, Resources& resources) {
  return SetUnsigned(text, CpuOf(resources).realtime_period);
}
absl::Status SetCpuRtRuntime(std::string_view text, Resources& resources) {
  return SetSigned(text, CpuOf(resources).realtime_runtime);
}
absl::Status SetCpuIdle(std::string_view text, Resources& resources) {
  return SetSigned(text, CpuOf(resources).idle);
}
absl::Status SetCpus(std::string_view text, Resources& resources) {
  CpuOf(resources).cpus = text;
  return absl::OkStatus();
}
absl::Status SetMems(std::string_view text, Resources& resources) {
  CpuOf(resources).mems = text;
  return absl::OkStatus();
}
// The kernel has dropped this limit (Linux 5.16), and runc ignores it.
absl::Status CheckKernelMemory(std::string_view text, Resources&) {
  std::optional<int64_t> ignored;
  return SetSize(text, ignored);
}
absl::Status SetKernelMemoryTcp(std::string_view text, Resources& resources) {
  return SetSize(text, MemoryOf(resources).kernel_tcp);
}
absl::Status SetMemory(std::string_view text, Resources& resources) {
  return SetSize(text, MemoryOf(resources).limit);
}
absl::Status SetMemoryReservation(std::string_view text, Resources& resources) {
  return SetSize(text, MemoryOf(resources).reservation);
}
absl::Status SetMemorySwap(std::string_view text, Resources& resources) {
  return SetSize(text, MemoryOf(resources).swap);
}
absl::Status SetPidsLimit(std::string_view text, Resources& resources) {
  std::optional<int64_t> limit;
  SYSBOX_RETURN_IF_ERROR(SetSigned(text, limit));
  resources.pids = oci::Pids{*limit};
  return absl::OkStatus();
}
absl::Status RefuseRdt(std::string_view, Resources&) {
  return absl::UnimplementedError("Intel RDT is not supported");
}

constexpr FlagSpec Flag(std::string_view name, std::string_view value,
                        std::string_view help, bool hidden = false) {
  return {.name = name,
          .kind = ValueKind::kText,
          .value = value,
          .help = help,
          .hidden = hidden};
}

struct Row {
  FlagSpec flag;
  absl::Status (*set)(std::string_view text, Resources& resources);
};
constexpr Row kRows[] = {
    {Flag("blkio-weight", "WEIGHT", "block I/O weight, 10..1000"),
     SetBlkioWeight},
    {Flag("cpu-period", "USEC", "period of --cpu-quota"), SetCpuPeriod},
    {Flag("cpu-quota", "USEC", "CPU time within a period; -1: no limit"),
     SetCpuQuota},
    {Flag("cpu-burst", "USEC", "CPU time that may be saved up for later"),
     SetCpuBurst},
    {Flag("cpu-share", "SHARES", "CPU weight against other containers"),
     SetCpuShare},
    {Flag("cpu-rt-period", "USEC", "period of --cpu-rt-runtime"),
     SetCpuRtPeriod},
    {Flag("cpu-rt-runtime", "USEC", "real-time CPU time within a period"),
     SetCpuRtRuntime},
    {Flag("cpu-idle", "0|1", "run only when the CPU is idle otherwise"),
     SetCpuIdle},
    {Flag("cpuset-cpus", "LIST", "CPUs to use, as 0-3,7"), SetCpus},
    {Flag("cpuset-mems", "LIST", "memory nodes to use"), SetMems},
    {Flag("kernel-memory", "BYTES", "without effect", /*hidden=*/true),
     CheckKernelMemory},
    {Flag("kernel-memory-tcp", "BYTES", "limit of TCP buffers (cgroup v1)"),
     SetKernelMemoryTcp},
    {Flag("memory", "BYTES", "memory limit, as 512m; -1: no limit"), SetMemory},
    {Flag("memory-reservation", "BYTES",
          "memory to be left to it when there is little"),
     SetMemoryReservation},
    {Flag("memory-swap", "BYTES",
          "limit of memory and swap together; -1: no limit"),
     SetMemorySwap},
    {Flag("pids-limit", "N", "number of processes; -1: no limit"),
     SetPidsLimit},
    {Flag("l3-cache-schema", "SCHEMA", "", /*hidden=*/true), RefuseRdt},
    {Flag("mem-bw-schema", "SCHEMA", "", /*hidden=*/true), RefuseRdt},
};

// "", "b", "k", "kb", "kib", …: the power of 1024; nullopt if it is no unit.
std::optional<int> PowerOf(std::string_view unit) {
  constexpr std::string_view kUnits = "kmgtp";
  std::string lower = absl::AsciiStrToLower(ToAbsl(unit));
  if (lower.empty() || lower == "b") return 0;
  size_t power = kUnits.find(lower[0]);
  if (power == std::string_view::npos) return std::nullopt;
  std::string_view rest = std::string_view(lower).substr(1);
  if (!rest.empty() && rest != "b" && rest != "ib" && rest != "i") {
    return std::nullopt;
  }
  return static_cast<int>(power) + 1;
}

template <typename T>
void DropZero(std::optional<T>& value) {
  if (value == T{}) value.reset();
}

}  // namespace

absl::StatusOr<int64_t> ParseSize(std::string_view text) {
  size_t digits = text.find_first_not_of("0123456789.");
  std::string_view number = text.substr(0, digits);
  std::string_view unit =
      digits == std::string_view::npos ? "" : text.substr(digits);
  if (!unit.empty() && unit[0] == ' ') unit.remove_prefix(1);
  std::optional<int> power = PowerOf(unit);
  double value = 0;
  if (!power.has_value() || number.empty() || number[0] == '.' ||
      !absl::SimpleAtod(ToAbsl(number), &value)) {
    return InvalidArgument("invalid size: '{}'", text);
  }
  value = std::ldexp(value, 10 * *power);
  if (value >= 9.2e18) return InvalidArgument("size too large: '{}'", text);
  return static_cast<int64_t>(value);
}

std::vector<FlagSpec> ResourceFlags() {
  std::vector<FlagSpec> flags;
  for (const Row& row : kRows) flags.push_back(row.flag);
  return flags;
}

absl::StatusOr<oci::Resources> ResourcesOf(const FlagValues& flags) {
  Resources resources;
  for (const Row& row : kRows) {
    std::string text = flags.Text(row.flag);
    if (text.empty()) continue;
    SYSBOX_RETURN_IF_ERROR(row.set(text, resources), "invalid value for {}",
                           row.flag.name);
  }
  DropZeros(resources);
  return resources;
}

void DropZeros(oci::Resources& resources) {
  if (resources.memory.has_value()) {
    oci::Memory& memory = *resources.memory;
    for (std::optional<int64_t>* value :
         {&memory.limit, &memory.reservation, &memory.swap, &memory.kernel,
          &memory.kernel_tcp}) {
      DropZero(*value);
    }
  }
  if (resources.cpu.has_value()) {
    oci::Cpu& cpu = *resources.cpu;
    DropZero(cpu.shares);
    DropZero(cpu.quota);
    DropZero(cpu.period);
    DropZero(cpu.realtime_runtime);
    DropZero(cpu.realtime_period);
  }
  if (resources.block_io.has_value()) DropZero(resources.block_io->weight);
  if (resources.pids.has_value() && resources.pids->limit == 0) {
    resources.pids.reset();
  }
}

}  // namespace sysbox::cli
