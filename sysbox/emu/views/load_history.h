// A container's load average, without anyone polling: worked out when it is
// asked for, from what happened since it was last asked for. Pure but for its
// lock; thread-safe.
//
// Accuracy. The kernel counts runnable and uninterruptible tasks every five
// seconds. Here the mean number of *running* tasks over the whole interval is
// known exactly (CPU time used / time passed). Tasks that *wait* are known at
// the moment of asking only: while no more tasks are runnable than there are
// CPUs, none is taken to wait. An interval longer than an average's period
// says little about its end, so the moment counts the more, the longer the
// interval. Asked for regularly (top, a monitor), it agrees with the kernel's
// way within its own noise.
#ifndef SYSBOX_EMU_VIEWS_LOAD_HISTORY_H_
#define SYSBOX_EMU_VIEWS_LOAD_HISTORY_H_

#include <array>
#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace sysbox::emu::views {

// The tasks of a cgroup and of those below it, at one moment.
struct TaskCounts {
  uint64_t total = 0;
  uint64_t running = 0;  // or waiting for a CPU
  uint64_t blocked = 0;  // uninterruptible
  uint64_t newest = 0;   // pid of the newest, in its own namespace; 0: none
};

struct LoadSample {
  int64_t elapsed_ns = 0;  // since the container's start
  uint64_t cpu_ns = 0;     // used since then
  uint64_t cpus = 1;       // that the container may use
  TaskCounts tasks;
  int64_t cost_ns = 0;  // what taking the sample cost
};

struct Load {
  std::array<double, 3> averages = {};  // over 1, 5 and 15 minutes
  TaskCounts tasks;
};

class LoadHistory {
 public:
  // Whether a sample should be taken now: the last is over a second old (and
  // over 50 times what it cost, since a container can make that dear), and
  // nobody else has been told so since. Then Advance() is called.
  bool Due(int64_t elapsed_ns);
  void Advance(const LoadSample& sample);
  Load Current();

 private:
  absl::Mutex mu_;
  int64_t claimed_ns_ ABSL_GUARDED_BY(mu_) = -1;
  int64_t interval_ns_ ABSL_GUARDED_BY(mu_) = 1'000'000'000;
  int64_t last_ns_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t last_cpu_ns_ ABSL_GUARDED_BY(mu_) = 0;
  Load load_ ABSL_GUARDED_BY(mu_);
};

}  // namespace sysbox::emu::views

#endif  // SYSBOX_EMU_VIEWS_LOAD_HISTORY_H_
