#include "sysbox/launch/init_identity.h"

#include <fcntl.h>
#include <linux/magic.h>

#include <algorithm>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/launch/host_network.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/network.h"
#include "sysbox/linux/process_attributes.h"
#include "sysbox/linux/rooted_path.h"
#include "sysbox/mounts/mount_plan.h"

namespace sysbox::launch {
namespace {

constexpr char kPingGroups[] = "net.ipv4.ping_group_range";

// The highest group id + 1 that exists inside.
uint64_t GroupCount(const IdMaps& maps) {
  uint64_t count = 0;
  for (const IdMapLine& line : maps.gids.lines) {
    count = std::max(count, uint64_t{line.inside} + line.size);
  }
  return count;
}

// Docker asks for "0 2147483647", which the kernel refuses from inside a user
// namespace with fewer groups.
std::string ClampPingGroups(const std::string& value, const IdMaps& maps) {
  std::pair<std::string, std::string> range =
      absl::StrSplit(value, absl::MaxSplits(absl::ByAnyChar(" \t"), 1));
  uint64_t low = 0;
  uint64_t high = 0;
  uint64_t count = GroupCount(maps);
  if (count == 0 || !absl::SimpleAtoi(range.first, &low) ||
      !absl::SimpleAtoi(range.second, &high) || high < count) {
    return value;
  }
  return fmt::format("{} {}", std::min(low, count - 1), count - 1);
}

// procfs, or what the launcher bound over it.
bool HoldsSysctls(uint64_t filesystem, const mounts::MountPlan& mounts) {
  return filesystem == PROC_SUPER_MAGIC ||
         (filesystem == FUSE_SUPER_MAGIC && mounts::HasEmulated(mounts));
}

absl::Status WriteSysctl(const LaunchPlan& plan, FdRef root,
                         const std::string& name, const std::string& value) {
  std::string path = "/proc/sys/" + name;
  std::replace(path.begin() + sizeof "/proc/sys/" - 1, path.end(), '.', '/');
  SYSBOX_ASSIGN_OR_RETURN(Fd file, OpenInRoot(root, path, {.flags = O_WRONLY}));
  // Not into a file that the rootfs or a volume has there (CVE-2025-52881).
  SYSBOX_ASSIGN_OR_RETURN(uint64_t magic, FilesystemMagic(file));
  if (!HoldsSysctls(magic, plan.mounts)) {
    return FailedPrecondition("{} is not on a procfs", path);
  }
  return WriteAll(file, value);
}

}  // namespace

absl::Status SetIdentity(const LaunchPlan& plan) {
  auto is_new = [&](NamespaceType type) {
    return std::find(plan.new_namespaces.begin(), plan.new_namespaces.end(),
                     type) != plan.new_namespaces.end();
  };
  if (!plan.hostname.empty() && is_new(NamespaceType::kUts)) {
    SYSBOX_RETURN_IF_ERROR(SetHostname(plan.hostname), "hostname");
  }
  if (!plan.domainname.empty() && is_new(NamespaceType::kUts)) {
    SYSBOX_RETURN_IF_ERROR(SetDomainname(plan.domainname), "domainname");
  }
  if (is_new(NamespaceType::kNetwork)) {
    SYSBOX_RETURN_IF_ERROR(BringUpLoopback());
  }
  return absl::OkStatus();
}

absl::Status WriteSysctls(const LaunchPlan& plan, FdRef root) {
  for (const auto& [name, value] : plan.sysctls) {
    // Already set, from outside.
    if (plan.network_of_host && IsNetworkSysctl(name)) continue;
    SYSBOX_RETURN_IF_ERROR(
        WriteSysctl(
            plan, root, name,
            name == kPingGroups ? ClampPingGroups(value, plan.maps) : value),
        "linux.sysctl.{}", name);
  }
  return absl::OkStatus();
}

}  // namespace sysbox::launch
