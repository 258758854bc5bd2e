#include "integration/bench/statistics.h"

#include <algorithm>
#include <cmath>

namespace sysbox::bench {

double Quantile(std::vector<double> values, double fraction) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const double place = fraction * static_cast<double>(values.size() - 1);
  const size_t below = static_cast<size_t>(std::floor(place));
  const size_t above = std::min(below + 1, values.size() - 1);
  return std::lerp(values[below], values[above],
                   place - static_cast<double>(below));
}

double PairedDifference(const std::vector<double>& a,
                        const std::vector<double>& b) {
  if (a.size() != b.size()) return Median(a) - Median(b);
  std::vector<double> differences;
  for (size_t i = 0; i < a.size(); ++i) differences.push_back(a[i] - b[i]);
  return Median(differences);
}

const Series* FindSeries(absl::Span<const Series> all, const std::string& line,
                         const std::string& subject) {
  for (const Series& series : all) {
    if (series.line == line && series.subject == subject) return &series;
  }
  return nullptr;
}

}  // namespace sysbox::bench
