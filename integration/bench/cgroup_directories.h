// The bench's own directory below the root of every cgroup hierarchy.
#ifndef INTEGRATION_BENCH_CGROUP_DIRECTORIES_H_
#define INTEGRATION_BENCH_CGROUP_DIRECTORIES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace sysbox::bench {

// Where the hierarchies are mounted. One for pure cgroup v2.
std::vector<std::string> CgroupRoots();
bool IsPureV2();

// Makes `name` in every hierarchy, ready for containers below it.
absl::Status MakeCgroupDirectories(const std::string& name);
// Removes it with all below, waiting a few seconds for dying processes.
absl::Status RemoveCgroupDirectories(const std::string& name);
// The names that some hierarchy has.
std::vector<std::string> ListCgroupDirectories();

}  // namespace sysbox::bench

#endif  // INTEGRATION_BENCH_CGROUP_DIRECTORIES_H_
