// Medians of what was measured. Pure.
#ifndef INTEGRATION_BENCH_STATISTICS_H_
#define INTEGRATION_BENCH_STATISTICS_H_

#include <string>
#include <vector>

#include "absl/types/span.h"

namespace sysbox::bench {

// The value below which `fraction` of `values` lie, interpolated. 0 for none.
double Quantile(std::vector<double> values, double fraction);
inline double Median(const std::vector<double>& values) {
  return Quantile(values, 0.5);
}

// The median of a[i] - b[i]: what two things measured in turn differ by, free
// of what moved both. Of the medians, if there are not as many of both.
double PairedDifference(const std::vector<double>& a,
                        const std::vector<double>& b);

// The values of one subject on one line; `unit` is shown.
struct Series {
  std::string line;
  std::string subject;
  std::string unit = "ms";
  std::vector<double> values;
};

// nullptr if that was not measured.
const Series* FindSeries(absl::Span<const Series> all, const std::string& line,
                         const std::string& subject);

}  // namespace sysbox::bench

#endif  // INTEGRATION_BENCH_STATISTICS_H_
