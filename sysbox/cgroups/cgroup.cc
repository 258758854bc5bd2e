#include "sysbox/cgroups/cgroup.h"

#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/cgroups/hierarchy.h"
#include "sysbox/cgroups/v1_cgroup.h"
#include "sysbox/cgroups/v2_cgroup.h"

namespace sysbox::cgroups {
namespace {

std::unique_ptr<Cgroup> MakeCgroupObject(const CgroupOptions& options,
                                         std::vector<Place> places) {
  if (places.size() == 1 && places.front().unified()) {
    return std::make_unique<V2Cgroup>(options, std::move(places.front()),
                                      /*adopt=*/false);
  }
  return std::make_unique<V1Cgroup>(options, std::move(places),
                                    /*adopt=*/false);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Cgroup>> NewCgroup(
    const CgroupOptions& options) {
  const std::string& path = options.cgroups_path.empty() ? options.container_id
                                                         : options.cgroups_path;
  // Limits on, and in the end the removal of, the hierarchy's root.
  if (CleanPath(path) == "/") {
    return InvalidArgument("linux.cgroupsPath: \"{}\" names no directory",
                           path);
  }
  SYSBOX_ASSIGN_OR_RETURN(const Hierarchies hierarchies, ReadHierarchies());
  return MakeCgroupObject(options, PlacesFor(hierarchies, options.cgroups_path,
                                             options.container_id));
}

absl::StatusOr<std::unique_ptr<Cgroup>> OpenCgroup(
    const CgroupOptions& options,
    const std::map<std::string, std::string>& paths) {
  if (paths.empty()) return InvalidArgument("cgroup paths: none are known");
  return MakeCgroupObject(options, PlacesFromPaths(paths));
}

}  // namespace sysbox::cgroups
