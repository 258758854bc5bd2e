#include "sysbox/emu/views/cpu_history.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace sysbox::emu::views {
namespace {

// More than this is not carried over: it was used on CPUs the container has
// lost since, and would make the others look busy for ever.
constexpr double kMostPendingNs = 1e9;

double Grown(uint64_t now, uint64_t before) {
  return now > before ? static_cast<double>(now - before) : 0;
}

void Add(const CpuTime& time, CpuTime* sum) {
  sum->user_ns += time.user_ns;
  sum->system_ns += time.system_ns;
  sum->idle_ns += time.idle_ns;
}

// `amount` divided in proportion to `weights`, at most `most` each.
void Fill(const std::vector<double>& weights, double amount, double most,
          std::vector<double>* filled) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  if (sum <= 0) return;
  for (size_t i = 0; i < weights.size(); ++i) {
    double& value = (*filled)[i];
    value = std::min(most, value + amount * (weights[i] / sum));
  }
}

}  // namespace

CpuTotals CpuHistory::Advance(const CpuSample& sample) {
  absl::MutexLock lock(&mu_);
  if (started_ && sample.elapsed_ns < last_.elapsed_ns) return totals_;
  Resize(sample);
  pending_user_ns_ += Grown(sample.user_ns, last_.user_ns);
  pending_system_ns_ += Grown(sample.system_ns, last_.system_ns);
  const double elapsed =
      static_cast<double>(sample.elapsed_ns - last_.elapsed_ns);
  AddBusy(Spread(sample, pending_user_ns_ + pending_system_ns_), elapsed);
  if (started_) AddShares(sample);
  totals_.all = retired_;
  for (const CpuTime& cpu : totals_.cpus) Add(cpu, &totals_.all);
  started_ = true;
  last_ = sample;
  return totals_;
}

void CpuHistory::Resize(const CpuSample& sample) {
  const size_t size = sample.cpus.size();
  for (size_t i = size; i < totals_.cpus.size(); ++i) {
    Add(totals_.cpus[i], &retired_);
  }
  // One that is new has been idle until now.
  totals_.cpus.resize(
      size, {.idle_ns = started_ ? static_cast<double>(last_.elapsed_ns) : 0});
  // Counters of other CPUs than before tell nothing.
  if (sample.cpus != last_.cpus && started_) last_.hints = sample.hints;
  last_.hints.resize(sample.hints.size());
}

std::vector<double> CpuHistory::Spread(const CpuSample& sample, double busy) {
  const double most = static_cast<double>(sample.elapsed_ns - last_.elapsed_ns);
  std::vector<double> spread(sample.cpus.size());
  std::vector<double> weights(spread.size());
  for (size_t i = 0; i < weights.size() && i < sample.hints.size(); ++i) {
    weights[i] = Grown(sample.hints[i], last_.hints[i]);
  }
  Fill(weights, busy, most, &spread);
  // What had no place where it was hinted at goes where there is room.
  double room = 0;
  for (size_t i = 0; i < spread.size(); ++i) {
    busy -= spread[i];
    weights[i] = most - spread[i];
    room += weights[i];
  }
  Fill(weights, std::min(std::max(busy, 0.0), room), most, &spread);
  return spread;
}

void CpuHistory::AddBusy(const std::vector<double>& busy, double elapsed) {
  const double pending = pending_user_ns_ + pending_system_ns_;
  const double user_part = pending > 0 ? pending_user_ns_ / pending : 0;
  double placed = 0;
  for (size_t i = 0; i < busy.size(); ++i) {
    CpuTime& cpu = totals_.cpus[i];
    cpu.user_ns += busy[i] * user_part;
    cpu.system_ns += busy[i] * (1 - user_part);
    cpu.idle_ns += std::max(elapsed - busy[i], 0.0);
    placed += busy[i];
  }
  const double left = std::clamp(pending - placed, 0.0, kMostPendingNs);
  pending_user_ns_ = left * user_part;
  pending_system_ns_ = left * (1 - user_part);
}

void CpuHistory::AddShares(const CpuSample& sample) {
  const double used = Grown(sample.user_ns, last_.user_ns) +
                      Grown(sample.system_ns, last_.system_ns);
  const double host = Grown(sample.host_busy_ns, last_.host_busy_ns);
  const double share = host > 0 ? std::min(used / host, 1.0) : 0;
  const auto part = [share](uint64_t now, uint64_t before) {
    return static_cast<uint64_t>(Grown(now, before) * share);
  };
  totals_.switches += part(sample.host_switches, last_.host_switches);
  totals_.interrupts += part(sample.host_interrupts, last_.host_interrupts);
  totals_.forks += part(sample.host_forks, last_.host_forks);
}

}  // namespace sysbox::emu::views
