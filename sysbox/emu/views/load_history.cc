#include "sysbox/emu/views/load_history.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace sysbox::emu::views {
namespace {

constexpr int64_t kIntervalNs = 1'000'000'000;
constexpr int64_t kCostFactor = 50;
constexpr std::array<double, 3> kPeriodsNs = {60e9, 300e9, 900e9};

// The mean load over an interval of `elapsed` as it concerns an average over
// `period`; `used` is the mean number of running tasks.
double LoadOf(const LoadSample& sample, double used, double elapsed,
              double period) {
  const double running = static_cast<double>(sample.tasks.running);
  const double blocked = static_cast<double>(sample.tasks.blocked);
  if (sample.tasks.running > sample.cpus) {
    return std::max(running, used) + blocked;
  }
  const double known = std::min(1.0, period / elapsed);
  return used * known + running * (1 - known) + blocked;
}

}  // namespace

bool LoadHistory::Due(int64_t elapsed_ns) {
  absl::MutexLock lock(&mu_);
  if (claimed_ns_ >= 0 && elapsed_ns - claimed_ns_ < interval_ns_) {
    return false;
  }
  claimed_ns_ = elapsed_ns;
  return true;
}

void LoadHistory::Advance(const LoadSample& sample) {
  absl::MutexLock lock(&mu_);
  if (sample.elapsed_ns <= last_ns_) return;
  const double elapsed = static_cast<double>(sample.elapsed_ns - last_ns_);
  const uint64_t cpu_ns = std::max(sample.cpu_ns, last_cpu_ns_) - last_cpu_ns_;
  const double used = static_cast<double>(cpu_ns) / elapsed;
  for (size_t i = 0; i < kPeriodsNs.size(); ++i) {
    const double kept = std::exp(-elapsed / kPeriodsNs[i]);
    const double load = LoadOf(sample, used, elapsed, kPeriodsNs[i]);
    load_.averages[i] = load_.averages[i] * kept + load * (1 - kept);
  }
  load_.tasks = sample.tasks;
  interval_ns_ = std::max(kIntervalNs, kCostFactor * sample.cost_ns);
  last_ns_ = sample.elapsed_ns;
  last_cpu_ns_ = sample.cpu_ns;
}

Load LoadHistory::Current() {
  absl::MutexLock lock(&mu_);
  return load_;
}

}  // namespace sysbox::emu::views
