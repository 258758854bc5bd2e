// The command line of start_bench.
#ifndef INTEGRATION_BENCH_OPTIONS_H_
#define INTEGRATION_BENCH_OPTIONS_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace sysbox::bench {

struct Options {
  int runs = 40;
  bool quick = false;
  bool help = false;
  std::vector<std::string> only;                // lines; empty: all
  std::map<std::string, std::string> runtimes;  // name → path
  std::string json;
  // A config.json with the seccomp profile to use.
  std::string profile = "sysbox/seccomp/testdata/docker_20_10.json";
};

absl::StatusOr<Options> ParseOptions(const std::vector<std::string>& args);
extern const char kUsage[];

}  // namespace sysbox::bench

#endif  // INTEGRATION_BENCH_OPTIONS_H_
