// What was measured, as a table for people and as JSON. Pure.
#ifndef INTEGRATION_BENCH_REPORT_H_
#define INTEGRATION_BENCH_REPORT_H_

#include <string>
#include <vector>

#include "integration/bench/goals.h"
#include "integration/bench/statistics.h"

namespace sysbox::bench {

struct Failure {
  std::string subject;
  bool out = false;
  int count = 0;
  std::string last;
};

struct Report {
  std::string host;  // one line
  Host cgroups = Host::kV1;
  std::vector<std::string> subjects;  // columns
  std::vector<Failure> failures;
  std::vector<Series> series;
};

// Per line the medians, then per goal the ratio and the verdict.
std::string ToText(const Report& report);
// {"host", "series": [{"line", "subject", "unit", "median", "p10", "p90", "n",
// "values"}], "goals": [{"id", "line", "bound", "value", "verdict"}]}
std::string ToJson(const Report& report);

}  // namespace sysbox::bench

#endif  // INTEGRATION_BENCH_REPORT_H_
