// Runs the measurements in a world of their own and leaves nothing behind,
// whatever happens to them: a process in new pid and mount namespaces that
// dies with its supervisor, and everything it started with it.
#ifndef INTEGRATION_BENCH_SUPERVISOR_H_
#define INTEGRATION_BENCH_SUPERVISOR_H_

#include <functional>

#include "absl/status/statusor.h"
#include "integration/bench/world.h"

namespace sysbox::bench {

// Calls `work` in the new world, as its pid 1: fresh /proc, /run and, as far
// as a daemon would write there, /etc. Where cgroup v1 and v2 are mixed, v2 is
// hidden, because crun 1.8 does not run there. SIGINT, SIGTERM and SIGHUP end
// it. Returns `work`'s result, or 130 when interrupted. Needs root.
absl::StatusOr<int> Supervise(const std::function<int(const World&)>& work);

}  // namespace sysbox::bench

#endif  // INTEGRATION_BENCH_SUPERVISOR_H_
