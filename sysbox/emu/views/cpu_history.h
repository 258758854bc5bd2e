// CPU time as /proc/stat tells it, made out of a cgroup's totals: each of the
// container's CPUs has been busy or idle since the container's start, and no
// number ever decreases. Pure but for its lock; thread-safe.
//
// Accuracy. The sums are the cgroup's own. How they are spread over CPUs
// follows the hints (exact on cgroup v1, which counts per CPU; on v2 the
// host's busy time per CPU); no CPU is ever busier than time passed. Context
// switches, interrupts and forks are counted by the kernel for the host only:
// the container is given its share of them by CPU time.
#ifndef SYSBOX_EMU_VIEWS_CPU_HISTORY_H_
#define SYSBOX_EMU_VIEWS_CPU_HISTORY_H_

#include <cstdint>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace sysbox::emu::views {

// What is read at one moment. All counters only grow.
struct CpuSample {
  int64_t elapsed_ns = 0;  // since the container's start
  uint64_t user_ns = 0;    // the cgroup's
  uint64_t system_ns = 0;
  std::vector<uint16_t> cpus;   // the host's numbers of the CPUs shown
  std::vector<uint64_t> hints;  // where time went, by CPU shown; any unit
  uint64_t host_busy_ns = 0;
  uint64_t host_switches = 0;
  uint64_t host_interrupts = 0;
  uint64_t host_forks = 0;
};

struct CpuTime {
  double user_ns = 0;
  double system_ns = 0;
  double idle_ns = 0;
};

struct CpuTotals {
  CpuTime all;  // of CPUs once shown, too
  std::vector<CpuTime> cpus;
  uint64_t switches = 0;
  uint64_t interrupts = 0;
  uint64_t forks = 0;
};

class CpuHistory {
 public:
  // Takes in `sample` and tells what there is in sum. A sample older than the
  // last one changes nothing.
  CpuTotals Advance(const CpuSample& sample);

 private:
  void Resize(const CpuSample& sample) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::vector<double> Spread(const CpuSample& sample, double busy)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void AddBusy(const std::vector<double>& busy, double elapsed)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void AddShares(const CpuSample& sample) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  absl::Mutex mu_;
  bool started_ ABSL_GUARDED_BY(mu_) = false;
  CpuSample last_ ABSL_GUARDED_BY(mu_);
  // Used, but on no CPU yet: more than the CPUs shown had time for.
  double pending_user_ns_ ABSL_GUARDED_BY(mu_) = 0;
  double pending_system_ns_ ABSL_GUARDED_BY(mu_) = 0;
  CpuTime retired_ ABSL_GUARDED_BY(mu_);  // CPUs no longer shown
  CpuTotals totals_ ABSL_GUARDED_BY(mu_);
};

}  // namespace sysbox::emu::views

#endif  // SYSBOX_EMU_VIEWS_CPU_HISTORY_H_
