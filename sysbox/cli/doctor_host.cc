#include "sysbox/cli/doctor_host.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/cgroups/hierarchy.h"
#include "sysbox/ids/subid_entry.h"
#include "sysbox/ids/subid_file.h"
#include "sysbox/linux/capabilities.h"
#include "sysbox/linux/file.h"
#include "sysbox/runtime/host_checks.h"

namespace sysbox::cli {
namespace {

std::string Line(const std::string& path) {
  return std::string(absl::StripAsciiWhitespace(ReadFile(path).value_or("")));
}

// What containers are made with.
constexpr std::array<std::string_view, 8> kNeeded = {
    "CAP_SYS_ADMIN", "CAP_SETUID",  "CAP_SETGID",       "CAP_CHOWN",
    "CAP_FOWNER",    "CAP_SETPCAP", "CAP_DAC_OVERRIDE", "CAP_MKNOD"};

std::vector<std::string> Without(CapabilitySet present) {
  std::vector<std::string> names;
  const CapabilitySet all = AllCapabilities().value_or(0);
  for (int number = 0; number < 64; ++number) {
    if ((all & ~present & (CapabilitySet{1} << number)) != 0) {
      names.emplace_back(CapabilityName(number));
    }
  }
  return names;
}

std::set<std::string> Controllers(const cgroups::Hierarchies& found) {
  std::set<std::string> names;
  for (const cgroups::Hierarchy& hierarchy : found.v1) {
    names.insert(hierarchy.controllers.begin(), hierarchy.controllers.end());
  }
  if (found.unified.has_value()) {
    for (absl::string_view name : absl::StrSplit(
             Line(found.unified->mount_point + "/cgroup.controllers"), ' ',
             absl::SkipEmpty())) {
      names.emplace(name);
    }
  }
  return names;
}

// One of each group does.
constexpr std::array<std::array<std::string_view, 2>, 5> kControllers = {{
    {"cpu", "cpu"},
    {"cpuset", "cpuset"},
    {"memory", "memory"},
    {"io", "blkio"},
    {"pids", "pids"},
}};

struct SharedLimit {
  const char* path;
  const char* name;
  uint64_t least;
};
// Counted for the host's root, who owns every container's user namespace.
constexpr std::array<SharedLimit, 3> kSharedLimits = {{
    {"/proc/sys/fs/inotify/max_user_instances", "fs.inotify.max_user_instances",
     1024},
    {"/proc/sys/fs/inotify/max_user_watches", "fs.inotify.max_user_watches",
     65536},
    {"/proc/sys/user/max_user_namespaces", "user.max_user_namespaces", 4096},
}};

Finding CheckSubidFile(const std::string& path) {
  const std::vector<SubidEntry> entries =
      ParseSubids(ReadFile(path).value_or(""));
  const auto own = FindEntry(entries, kSubidOwner, kSubidMinSize);
  if (!own.has_value()) {
    return {Health::kLimited,
            fmt::format("no ids for {} in {}", kSubidOwner, path),
            "ids are set aside when the daemon starts", "sysbox install"};
  }
  const auto other = std::find_if(
      entries.begin(), entries.end(), [&own](const SubidEntry& entry) {
        return entry.owner != kSubidOwner && entry.range.Overlaps(*own);
      });
  if (other != entries.end()) {
    return {Health::kLimited,
            fmt::format("{}: {} has some of {}'s ids", path, other->owner,
                        kSubidOwner),
            "containers of both could touch one another's files",
            fmt::format("edit {}, so that no two ranges overlap", path)};
  }
  return Ok(fmt::format("room for {} containers", own->size / kSubidMinSize));
}

}  // namespace

Finding CheckPrivileges(const DoctorHost&) {
  const auto own = OwnCapabilities();
  if (geteuid() != 0 || !own.ok()) {
    return {Health::kMissing, "not root of the host",
            "containers are made by root, and hardly anything can be tried",
            "sudo sysbox doctor"};
  }
  const std::vector<std::string> missing = Without(own->effective);
  if (missing.empty()) return Ok("root, with every capability");
  const std::string found = fmt::format("no {}", absl::StrJoin(missing, ", "));
  for (std::string_view needed : kNeeded) {
    if (std::find(missing.begin(), missing.end(), needed) == missing.end()) {
      continue;
    }
    return {Health::kMissing, found, "containers are made with it",
            "start it outside of a container"};
  }
  return {Health::kLimited, found,
          "OOM scores cannot be lowered, limits not be raised, or the like",
          "start it outside of a container"};
}

Finding CheckCgroups(const DoctorHost& host) {
  const auto found = cgroups::ReadHierarchies();
  if (!found.ok()) {
    return {Health::kMissing, std::string(MessageOf(found.status())),
            "containers cannot be limited nor stopped for sure",
            "mount -t cgroup2 cgroup2 /sys/fs/cgroup"};
  }
  std::string text = found->PureV2()              ? "v2"
                     : found->unified.has_value() ? "v1 and v2 (hybrid)"
                                                  : "v1";
  text += Exists("/run/systemd/system") ? ", systemd" : ", no systemd";
  if (host.docker.has_value()) {
    text += fmt::format(", Docker uses {}", host.docker->cgroup_driver);
  }
  const std::set<std::string> controllers = Controllers(*found);
  std::vector<std::string> missing;
  for (const auto& [name, old_name] : kControllers) {
    if (controllers.count(std::string(name)) == 0 &&
        controllers.count(std::string(old_name)) == 0) {
      missing.emplace_back(name);
    }
  }
  if (missing.empty()) return Ok(text);
  return {Health::kLimited,
          fmt::format("{}; no {}", text, absl::StrJoin(missing, ", no ")),
          "limits of these kinds are refused",
          "boot with cgroup_enable=memory on the kernel's command line"};
}

Finding CheckSecurityModules(const DoctorHost&) {
  if (runtime::SelinuxEnforces()) {
    return {Health::kLimited, "SELinux enforces",
            "containers that ask for a label are refused", "setenforce 0"};
  }
  if (Line("/sys/module/apparmor/parameters/enabled") != "Y") {
    return Ok("none that concerns containers");
  }
  if (Line("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1") {
    return {Health::kLimited, "AppArmor restricts user namespaces",
            "users inside cannot make any: no rootless Docker or Podman there",
            "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"};
  }
  return Ok("AppArmor");
}

Finding CheckLimits(const DoctorHost&) {
  for (const SharedLimit& limit : kSharedLimits) {
    const auto value = ParseUint64(Line(limit.path));
    if (!value.has_value() || *value >= limit.least) continue;
    return {Health::kLimited, fmt::format("{} is {}", limit.name, *value),
            "all containers share it: a few dozen use it up",
            fmt::format("sysctl -w {}={}", limit.name, limit.least * 8)};
  }
  return Ok("inotify and namespaces for many containers");
}

Finding CheckSubids(const DoctorHost&) {
  const SubidPaths paths;
  const Finding uids = CheckSubidFile(paths.subuid);
  return uids.health == Health::kOk ? CheckSubidFile(paths.subgid) : uids;
}

}  // namespace sysbox::cli
