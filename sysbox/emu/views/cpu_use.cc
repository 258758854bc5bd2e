#include "sysbox/emu/views/cpu_use.h"

#include <string>

#include "sysbox/base/status.h"
#include "sysbox/emu/views/kernel_text.h"

namespace sysbox::emu::views {
namespace {

constexpr uint64_t kMicrosecond = 1000;
constexpr uint64_t kMostCpus = 65536;

absl::StatusOr<CpuUse> ReadV2(const ResourceGroup& group) {
  SYSBOX_ASSIGN_OR_RETURN(const std::string text,
                          group.Read(Controller::kCpuacct, "cpu.stat"));
  return ParseV2CpuStat(text);
}

}  // namespace

CpuUse ParseV1UsageAll(std::string_view text) {
  CpuUse use;
  ForEachLine(text, [&use](std::string_view line) {
    const std::optional<uint64_t> cpu = ParseUint64(TakeField(&line));
    if (!cpu || *cpu >= kMostCpus) return;  // the heading
    const uint64_t user = TakeNumber(&line);
    const uint64_t system = TakeNumber(&line);
    use.user_ns += user;
    use.system_ns += system;
    if (use.per_cpu_ns.size() <= *cpu) use.per_cpu_ns.resize(*cpu + 1);
    use.per_cpu_ns[*cpu] = user + system;
  });
  return use;
}

CpuUse ParseV2CpuStat(std::string_view text) {
  CpuUse use;
  ForEachValue(text, [&use](std::string_view key, uint64_t value) {
    if (key == "user_usec") use.user_ns = value * kMicrosecond;
    if (key == "system_usec") use.system_ns = value * kMicrosecond;
  });
  return use;
}

absl::StatusOr<CpuUse> ReadCpuUse(const ResourceGroup& group) {
  if (group.Unified(Controller::kCpuacct)) return ReadV2(group);
  SYSBOX_ASSIGN_OR_RETURN(
      const std::string text,
      group.Read(Controller::kCpuacct, "cpuacct.usage_all"));
  return ParseV1UsageAll(text);
}

absl::StatusOr<uint64_t> ReadCpuTotalNs(const ResourceGroup& group) {
  if (group.Unified(Controller::kCpuacct)) {
    SYSBOX_ASSIGN_OR_RETURN(const CpuUse use, ReadV2(group));
    return use.user_ns + use.system_ns;
  }
  SYSBOX_ASSIGN_OR_RETURN(const std::string text,
                          group.Read(Controller::kCpuacct, "cpuacct.usage"));
  std::string_view rest = text;
  return TakeNumber(&rest);
}

}  // namespace sysbox::emu::views
