// How many threads answer calls, how many of them wait for any listener, and
// which one lingers at the listener it has served last. Starts no thread and
// knows no call.
#ifndef SYSBOX_TRAP_WORKER_THREADS_H_
#define SYSBOX_TRAP_WORKER_THREADS_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "sysbox/linux/fd.h"

namespace sysbox::trap {

// Thread-safe.
class WorkerThreads {
 public:
  explicit WorkerThreads(size_t most) : most_(most) {}
  absl::Status Prepare();
  // None becomes idle or lingers any more.
  void Stop();
  void AwaitEnd(absl::Duration patience);
  size_t count() const;

  // Counts one more, about to be started idle. False: one is idle, or there may
  // be no more.
  bool AddIdle();
  // Whether that one runs; else it does not count. False: it does not, and it
  // is time to say so.
  bool NoteStarted(bool runs);
  // Counts one more that is busy.
  void Add();
  void End();  // of one that is busy

  // False: it is to end. There are enough that wait.
  bool BecomeIdle();
  bool BecomeBusy();

  // An eventfd that calls a thread away from its listener.
  using Wake = std::shared_ptr<const Fd>;
  // Null: not now. One at a time lingers, while another is idle.
  Wake StartLingering();
  void EndLingering(const Wake& wake);
  // False: nobody lingers.
  bool CallLingererAway();

 private:
  const size_t most_;
  mutable absl::Mutex mu_;
  int idle_ ABSL_GUARDED_BY(mu_) = 0;
  size_t count_ ABSL_GUARDED_BY(mu_) = 0;
  Wake lingerer_ ABSL_GUARDED_BY(mu_);
  std::vector<Wake> wakes_ ABSL_GUARDED_BY(mu_);  // nobody's
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  bool short_of_threads_ ABSL_GUARDED_BY(mu_) = false;  // and has said so
};

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_WORKER_THREADS_H_
