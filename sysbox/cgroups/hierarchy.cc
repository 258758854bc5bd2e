#include "sysbox/cgroups/hierarchy.h"

#include <algorithm>
#include <array>

#include "sysbox/base/clean_path.h"
#include "sysbox/base/status.h"
#include "sysbox/cgroups/control_file.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount_info.h"

namespace sysbox::cgroups {
namespace {

constexpr std::string_view kCgroupRoot = "/sys/fs/cgroup";

// Controllers of v1 that a container joins, as runc's, misc added. Mount
// options that are no controllers ("rw", "xattr", "release_agent=…") and
// foreign named hierarchies are in no such table.
constexpr std::array<std::string_view, 15> kV1Controllers = {
    "blkio",   "cpu",      "cpuacct",    "cpuset", "devices",
    "freezer", "hugetlb",  "memory",     "misc",   "name=systemd",
    "net_cls", "net_prio", "perf_event", "pids",   "rdma"};

bool IsV1Controller(std::string_view name) {
  return std::find(kV1Controllers.begin(), kV1Controllers.end(), name) !=
         kV1Controllers.end();
}

bool IsBelow(std::string_view path, std::string_view directory) {
  if (directory == "/") return true;
  return path.substr(0, directory.size()) == directory &&
         (path.size() == directory.size() || path[directory.size()] == '/');
}

// One line of /proc/PID/cgroup: "4:cpu,cpuacct:/a/b".
struct OwnCgroup {
  std::vector<std::string_view> controllers;
  std::string_view path;
};

std::vector<OwnCgroup> ParseOwnCgroups(std::string_view text) {
  std::vector<OwnCgroup> own;
  for (std::string_view line : SplitLines(text)) {
    const size_t first = line.find(':');
    if (first == std::string_view::npos) continue;
    const size_t second = line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    own.push_back({SplitFields(line.substr(first + 1, second - first - 1), ","),
                   line.substr(second + 1)});
  }
  return own;
}

// The cgroup of `own` below a mount of `mount_root`. Outside that mount, as
// in a container that shares its host's cgroup namespace: the mount's root.
std::string BelowMount(std::string_view path, std::string_view mount_root) {
  if (!IsBelow(path, mount_root)) return "/";
  return CleanPath(mount_root == "/" ? path : path.substr(mount_root.size()));
}

const OwnCgroup* FindIn(const std::vector<OwnCgroup>& own,
                        const std::vector<std::string>& controllers) {
  for (const OwnCgroup& entry : own) {
    const bool same =
        controllers.empty()
            ? entry.controllers.empty()
            : std::find(entry.controllers.begin(), entry.controllers.end(),
                        controllers.front()) != entry.controllers.end();
    if (same) return &entry;
  }
  return nullptr;
}

std::string OwnPath(const std::vector<OwnCgroup>& own,
                    const std::vector<std::string>& controllers,
                    std::string_view mount_root) {
  const OwnCgroup* entry = FindIn(own, controllers);
  return entry == nullptr ? "/" : BelowMount(entry->path, mount_root);
}

std::vector<std::string> ControllersOf(const MountInfo& mount) {
  std::vector<std::string> controllers;
  for (std::string_view option : SplitFields(mount.super_options, ",")) {
    if (IsV1Controller(option)) controllers.emplace_back(option);
  }
  return controllers;
}

// Only cgroup mounts' lines: a Docker host has hundreds of others.
std::string CgroupLines(std::string_view mount_info) {
  std::string lines;
  for (std::string_view line : SplitLines(mount_info)) {
    if (line.find(" - cgroup") == std::string_view::npos) continue;
    lines.append(line).push_back('\n');
  }
  return lines;
}

void AddV1(Hierarchy hierarchy, std::vector<Hierarchy>* v1) {
  for (Hierarchy& known : *v1) {
    if (known.controllers != hierarchy.controllers) continue;
    if (!IsBelow(known.mount_point, kCgroupRoot)) known = std::move(hierarchy);
    return;
  }
  v1->push_back(std::move(hierarchy));
}

// cgroup2 somewhere else (/run/cilium/cgroupv2) is another program's, unless
// the host has nothing else.
void SettleUnified(std::vector<Hierarchy> mounts, Hierarchies* result) {
  for (Hierarchy& mount : mounts) {
    const bool usual = IsBelow(mount.mount_point, kCgroupRoot);
    if (usual || (result->v1.empty() && !result->unified)) {
      result->unified = std::move(mount);
      if (usual) return;
    }
  }
}

}  // namespace

absl::StatusOr<Hierarchies> ParseHierarchies(std::string_view mount_info,
                                             std::string_view own_cgroups) {
  const std::vector<OwnCgroup> own = ParseOwnCgroups(own_cgroups);
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<MountInfo> mounts,
                          ParseMountInfo(CgroupLines(mount_info)));
  Hierarchies result;
  std::vector<Hierarchy> unified;
  for (const MountInfo& mount : mounts) {
    Hierarchy hierarchy{.mount_point = mount.mount_point};
    if (mount.type == "cgroup") hierarchy.controllers = ControllersOf(mount);
    hierarchy.own = OwnPath(own, hierarchy.controllers, mount.root);
    if (mount.type == "cgroup2") {
      unified.push_back(std::move(hierarchy));
    } else if (mount.type == "cgroup" && !hierarchy.controllers.empty()) {
      AddV1(std::move(hierarchy), &result.v1);
    }
  }
  SettleUnified(std::move(unified), &result);
  if (result.v1.empty() && !result.unified) {
    return FailedPrecondition("find cgroups: no cgroup hierarchy is mounted");
  }
  return result;
}

absl::StatusOr<Hierarchies> ReadHierarchies() {
  SYSBOX_ASSIGN_OR_RETURN(const std::string mount_info,
                          ReadFile("/proc/self/mountinfo"));
  SYSBOX_ASSIGN_OR_RETURN(const std::string own_cgroups,
                          ReadFile("/proc/self/cgroup"));
  return ParseHierarchies(mount_info, own_cgroups);
}

std::optional<std::string> CgroupIn(const Hierarchy& hierarchy,
                                    std::string_view proc_cgroup) {
  const std::vector<OwnCgroup> cgroups = ParseOwnCgroups(proc_cgroup);
  const OwnCgroup* entry = FindIn(cgroups, hierarchy.controllers);
  // "/../x": beside the reader's cgroup namespace.
  if (entry == nullptr || entry->path.substr(0, 3) == "/..") {
    return std::nullopt;
  }
  return CleanPath(entry->path);
}

bool Place::Has(std::string_view controller) const {
  return std::find(controllers.begin(), controllers.end(), controller) !=
         controllers.end();
}

std::vector<Place> PlacesFor(const Hierarchies& hierarchies,
                             std::string_view cgroups_path,
                             std::string_view container_id) {
  const bool absolute = !cgroups_path.empty() && cgroups_path.front() == '/';
  const std::string inner =
      CleanPath(cgroups_path.empty() ? container_id : cgroups_path);
  std::vector<Place> places;
  auto add = [&](const Hierarchy& hierarchy) {
    std::string own = hierarchy.own;
    if (hierarchies.PureV2()) own = CleanPath(own + "/..");
    std::string below = absolute || own == "/" ? inner : own + inner;
    places.push_back({hierarchy.controllers, hierarchy.mount_point,
                      hierarchy.mount_point + below});
  };
  for (const Hierarchy& hierarchy : hierarchies.v1) add(hierarchy);
  if (hierarchies.unified) add(*hierarchies.unified);
  return places;
}

std::map<std::string, std::string> PathsOf(const std::vector<Place>& places) {
  std::map<std::string, std::string> paths;
  for (const Place& place : places) {
    if (place.unified()) paths[""] = place.path;
    for (const std::string& name : place.controllers) paths[name] = place.path;
  }
  return paths;
}

std::vector<Place> PlacesFromPaths(
    const std::map<std::string, std::string>& paths) {
  std::vector<Place> places;
  std::map<std::string, size_t> by_path;
  for (const auto& [controller, path] : paths) {
    // "" sorts first, so a unified directory never shares an entry.
    auto [known, fresh] = by_path.emplace(path, places.size());
    if (fresh) places.push_back({{}, std::string(kCgroupRoot), path});
    if (!controller.empty()) {
      places[known->second].controllers.push_back(controller);
    }
  }
  // v1 first, as PlacesFor has it.
  std::stable_partition(places.begin(), places.end(),
                        [](const Place& place) { return !place.unified(); });
  return places;
}

}  // namespace sysbox::cgroups
