// The commands of an OCI runtime, one case per group of lines.
#ifndef INTEGRATION_BENCH_LAUNCH_CASES_H_
#define INTEGRATION_BENCH_LAUNCH_CASES_H_

#include "absl/status/status.h"
#include "integration/bench/session.h"

namespace sysbox::bench {

absl::Status MeasureRun(Session& session);        // "run", "cpu"
absl::Status MeasureLifecycle(Session& session);  // "create" … "delete"
absl::Status MeasureVersion(Session& session);    // "version"
absl::Status MeasureAtOnce32(Session& session);   // "at-once": launches/s
absl::Status MeasureRss(Session& session);        // "rss", "daemon-rss": MiB

}  // namespace sysbox::bench

#endif  // INTEGRATION_BENCH_LAUNCH_CASES_H_
