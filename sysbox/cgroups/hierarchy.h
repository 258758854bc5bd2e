// Which cgroup hierarchies this host has mounted, and where a container's
// directories belong in them. Reads /proc/self/mountinfo and
// /proc/self/cgroup once each (cgroups(7)); makes nothing.
#ifndef SYSBOX_CGROUPS_HIERARCHY_H_
#define SYSBOX_CGROUPS_HIERARCHY_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace sysbox::cgroups {

// One mounted hierarchy.
struct Hierarchy {
  // v1: {"cpu", "cpuacct"} when mounted together, {"name=systemd"}. Empty: v2.
  std::vector<std::string> controllers = {};
  std::string mount_point = {};
  // The caller's own cgroup as a path below mount_point, "/" at its root.
  std::string own = {};
  bool unified() const { return controllers.empty(); }
};

struct Hierarchies {
  std::vector<Hierarchy> v1;  // in mount order; those a container joins
  std::optional<Hierarchy> unified;
  bool PureV2() const { return v1.empty() && unified.has_value(); }
};

// `mount_info` and `own_cgroups` are the two files' contents. A hierarchy
// mounted twice counts once: the mount below /sys/fs/cgroup wins. Named v1
// hierarchies other than systemd's are not ours to join. FailedPrecondition
// when there is no hierarchy at all.
absl::StatusOr<Hierarchies> ParseHierarchies(std::string_view mount_info,
                                             std::string_view own_cgroups);
absl::StatusOr<Hierarchies> ReadHierarchies();

// The cgroup of the process whose /proc/PID/cgroup says `proc_cgroup`, as a
// path below `hierarchy`'s mount point. nullopt: it names no such hierarchy,
// or a cgroup outside the reader's cgroup namespace. The mount is taken to
// show the hierarchy from that namespace's root on.
std::optional<std::string> CgroupIn(const Hierarchy& hierarchy,
                                    std::string_view proc_cgroup);

// A container's outer directory in one hierarchy.
struct Place {
  std::vector<std::string> controllers;  // as Hierarchy's
  std::string mount_point;
  std::string path;
  bool unified() const { return controllers.empty(); }
  bool Has(std::string_view controller) const;
};

// `cgroups_path` as CgroupOptions defines it. On pure v2 relative paths are
// below the *parent* of the caller's own cgroup, as runc does: the caller's
// own one holds processes and so cannot give controllers to children.
std::vector<Place> PlacesFor(const Hierarchies& hierarchies,
                             std::string_view cgroups_path,
                             std::string_view container_id);

// Cgroup::Paths() of `places` and back. Mount points are restored as far as
// the path tells.
std::map<std::string, std::string> PathsOf(const std::vector<Place>& places);
std::vector<Place> PlacesFromPaths(
    const std::map<std::string, std::string>& paths);

}  // namespace sysbox::cgroups

#endif  // SYSBOX_CGROUPS_HIERARCHY_H_
