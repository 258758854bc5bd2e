// Starts programs and takes their time: posix_spawn(3), wait4(2),
// clock_gettime(2), nothing in between. Standard input and output are `null`.
#ifndef INTEGRATION_BENCH_MEASURE_H_
#define INTEGRATION_BENCH_MEASURE_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/linux/fd.h"

namespace sysbox::bench {

struct CommandLine {
  std::string program;            // absolute path
  std::vector<std::string> args;  // args[0] included
};

struct Sample {
  double wall_ms = 0;
  double cpu_ms = 0;  // user and system, with the children it waited for
};

// The streams of every child.
struct Streams {
  FdRef null{-1};   // standard input
  FdRef out{-1};    // standard output
  FdRef error{-1};  // standard error
};

double NowMs();
// CPU time that `pid` has used so far, all its threads.
absl::StatusOr<double> CpuTimeMs(pid_t pid);

absl::StatusOr<pid_t> Spawn(const CommandLine& command, const Streams& streams,
                            const std::vector<std::string>& extra_env = {});
// Until it has ended. An exit status other than 0 is an error.
absl::StatusOr<Sample> Measure(const CommandLine& command,
                               const Streams& streams);
// Starts all, awaits all; the wall time of the whole.
absl::StatusOr<double> MeasureAtOnce(absl::Span<const CommandLine> commands,
                                     const Streams& streams);
// wait4(2) of a child however it ends.
absl::Status Reap(pid_t pid);

}  // namespace sysbox::bench

#endif  // INTEGRATION_BENCH_MEASURE_H_
