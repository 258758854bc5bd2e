// `sysbox daemon` for the length of the measurements, with a data root of its
// own.
#ifndef INTEGRATION_BENCH_SYSBOX_DAEMON_H_
#define INTEGRATION_BENCH_SYSBOX_DAEMON_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "integration/bench/measure.h"

namespace sysbox::bench {

class SysboxDaemon {
 public:
  // Returns once it has said READY=1 (sd_notify(3)). `directory` becomes its
  // data root and gets its log.
  static absl::StatusOr<SysboxDaemon> Start(const std::string& program,
                                            const std::string& directory,
                                            const Streams& streams);
  // Both of all its processes.
  absl::StatusOr<double> CpuTimeMs() const;
  absl::StatusOr<double> ResidentMiB() const;
  // SIGTERM, and awaits its end.
  absl::Status Stop();

 private:
  absl::StatusOr<std::vector<pid_t>> Processes() const;

  pid_t pid_ = -1;
};

}  // namespace sysbox::bench

#endif  // INTEGRATION_BENCH_SYSBOX_DAEMON_H_
