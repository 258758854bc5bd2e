// Usage numbers from cgroup v2 files, in the v1 terms that runc's
// `events --stats` keeps: swap includes memory, times are nanoseconds.
#ifndef SYSBOX_CGROUPS_V2_STATS_H_
#define SYSBOX_CGROUPS_V2_STATS_H_

#include <string_view>

#include "absl/status/status.h"
#include "sysbox/cgroups/stats.h"
#include "sysbox/linux/fd.h"

namespace sysbox::cgroups {

// Adds what `controller` tells in `directory`; "cpu" is there without the
// controller too. Files this kernel lacks leave zeros.
absl::Status AddV2Stats(std::string_view controller, FdRef directory,
                        Stats* stats);

// io.stat: "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6".
void AddIoStat(std::string_view text, Stats* stats);

}  // namespace sysbox::cgroups

#endif  // SYSBOX_CGROUPS_V2_STATS_H_
