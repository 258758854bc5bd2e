#include "sysbox/cgroups/cgroup.h"

#include <utility>

#include "sysbox/base/clean_path.h"
#include "sysbox/base/status.h"
#include "sysbox/cgroups/hierarchy.h"
#include "sysbox/cgroups/systemd_driver.h"
#include "sysbox/cgroups/systemd_unit.h"
#include "sysbox/cgroups/v1_cgroup.h"
#include "sysbox/cgroups/v2_cgroup.h"

namespace sysbox::cgroups {
namespace {

std::unique_ptr<Cgroup> FilesOf(const CgroupOptions& options,
                                std::vector<Place> places) {
  // What systemd has made exists, and holds a process.
  const bool adopt = options.driver == Driver::kSystemd;
  if (places.size() == 1 && places.front().unified()) {
    return std::make_unique<V2Cgroup>(options, std::move(places.front()),
                                      adopt);
  }
  return std::make_unique<V1Cgroup>(options, std::move(places), adopt);
}

std::unique_ptr<Cgroup> WithSystemd(const CgroupOptions& options,
                                    SystemdUnit unit,
                                    std::unique_ptr<Cgroup> files) {
  return std::make_unique<SystemdCgroup>(options.container_id, std::move(unit),
                                         std::move(files));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Cgroup>> NewCgroup(
    const CgroupOptions& options) {
  std::string path = options.cgroups_path.empty() ? options.container_id
                                                  : options.cgroups_path;
  SystemdUnit unit;
  if (options.driver == Driver::kSystemd) {
    SYSBOX_ASSIGN_OR_RETURN(
        unit, ParseSystemdUnit(options.cgroups_path, options.container_id));
    path = unit.path;
  }
  // Limits on, and in the end the removal of, the hierarchy's root.
  if (CleanPath(path) == "/") {
    return InvalidArgument("linux.cgroupsPath: \"{}\" names no directory",
                           path);
  }
  SYSBOX_ASSIGN_OR_RETURN(const Hierarchies hierarchies, ReadHierarchies());
  std::unique_ptr<Cgroup> files =
      FilesOf(options, PlacesFor(hierarchies, path, options.container_id));
  if (options.driver == Driver::kCgroupfs) return files;
  return WithSystemd(options, std::move(unit), std::move(files));
}

absl::StatusOr<std::unique_ptr<Cgroup>> OpenCgroup(
    const CgroupOptions& options,
    const std::map<std::string, std::string>& paths) {
  if (paths.empty()) return InvalidArgument("cgroup paths: none are known");
  std::unique_ptr<Cgroup> files = FilesOf(options, PlacesFromPaths(paths));
  if (options.driver == Driver::kCgroupfs) return files;
  SYSBOX_ASSIGN_OR_RETURN(
      SystemdUnit unit,
      ParseSystemdUnit(options.cgroups_path, options.container_id));
  return WithSystemd(options, std::move(unit), std::move(files));
}

}  // namespace sysbox::cgroups
