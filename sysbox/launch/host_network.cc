#include "sysbox/launch/host_network.h"

#include <fcntl.h>
#include <linux/openat2.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/oci/validate_sysctl.h"

namespace sysbox::launch {
namespace {

constexpr std::string_view kNet = "net/";

absl::Status Write(FdRef net, const std::string& path,
                   const std::string& value) {
  SYSBOX_ASSIGN_OR_RETURN(
      const Fd file,
      OpenAt2(net, path.substr(kNet.size()), {.flags = O_WRONLY},
              RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV));
  return WriteAll(file, value);
}

}  // namespace

bool IsNetworkSysctl(std::string_view name) {
  return oci::SysctlPath(name).value_or("").starts_with(kNet);
}

std::string HostPingGroups(const std::string& value, const IdMap& groups) {
  std::pair<std::string, std::string> range =
      absl::StrSplit(value, absl::MaxSplits(absl::ByAnyChar(" \t"), 1));
  uint64_t low = 0;
  uint64_t high = 0;
  if (!absl::SimpleAtoi(range.first, &low) ||
      !absl::SimpleAtoi(range.second, &high) || low > high) {
    return value;
  }
  // The kernel has one range: that of the first groups asked for.
  for (const IdMapLine& line : groups.lines) {
    if (low < line.inside || low - line.inside >= line.size) continue;
    const uint64_t first = low - line.inside;
    const uint64_t last = std::min(high - line.inside, uint64_t{line.size} - 1);
    return fmt::format("{} {}", line.outside + first, line.outside + last);
  }
  return value;
}

absl::Status WriteNetworkSysctls(const LaunchPlan& plan) {
  SYSBOX_ASSIGN_OR_RETURN(
      const Fd net, Open("/proc/sys/net", {.flags = O_PATH | O_DIRECTORY}));
  for (const auto& [name, value] : plan.sysctls) {
    if (!IsNetworkSysctl(name)) continue;
    const std::string path = *oci::SysctlPath(name);
    const bool groups = path == "net/ipv4/ping_group_range";
    SYSBOX_RETURN_IF_ERROR(
        Write(net, path,
              groups ? HostPingGroups(value, plan.maps.gids) : value),
        "linux.sysctl.{}", name);
  }
  return absl::OkStatus();
}

}  // namespace sysbox::launch
