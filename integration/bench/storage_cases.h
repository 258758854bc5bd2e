// How a launch grows with binds, layers and files. Sysbox against itself.
#ifndef INTEGRATION_BENCH_STORAGE_CASES_H_
#define INTEGRATION_BENCH_STORAGE_CASES_H_

#include "absl/status/status.h"
#include "integration/bench/session.h"

namespace sysbox::bench {

absl::Status MeasureBinds(Session& session);   // "binds-0", "binds-20"
absl::Status MeasureLayers(Session& session);  // "layers-10", "layers-50"
absl::Status MeasureFiles(Session& session);   // "files-10", "files-100000"

}  // namespace sysbox::bench

#endif  // INTEGRATION_BENCH_STORAGE_CASES_H_
