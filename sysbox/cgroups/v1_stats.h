// Usage numbers from cgroup v1 files, as runc's `events --stats` has them.
#ifndef SYSBOX_CGROUPS_V1_STATS_H_
#define SYSBOX_CGROUPS_V1_STATS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "sysbox/cgroups/stats.h"
#include "sysbox/linux/fd.h"

namespace sysbox::cgroups {

// Adds what `controller` ("memory") tells in `directory`. Controllers without
// numbers add nothing. Files this kernel lacks leave zeros.
absl::Status AddV1Stats(std::string_view controller, FdRef directory,
                        Stats* stats);

// cpuacct.usage_all: "0 USER KERNEL" for each CPU, below a headline.
void ParseCpuacctAll(std::string_view text, CpuStats* cpu);

// "8:0 Read 4096" lines; totals and others are left out.
std::vector<BlkioEntry> ParseBlkio(std::string_view text);

// "2MB" for each size the kernel has: named by the files of `directory`
// ("hugetlb.2MB.`suffix`").
absl::StatusOr<std::vector<std::string>> HugetlbSizes(FdRef directory,
                                                      std::string_view suffix);

}  // namespace sysbox::cgroups

#endif  // SYSBOX_CGROUPS_V1_STATS_H_
