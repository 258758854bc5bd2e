// Calls that were received and not answered yet, in memory that outlives the
// process: the kernel hands a call out only once, but takes its answer from
// whoever has the listener (kernel-facts 5). It writes the call straight into
// this memory, so there is no moment at which one is in nobody's hands. A
// successor carries them on.
#ifndef SYSBOX_TRAP_IN_FLIGHT_JOURNAL_H_
#define SYSBOX_TRAP_IN_FLIGHT_JOURNAL_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/shared_memory.h"
#include "sysbox/seccomp/notify_port.h"

namespace sysbox::trap {

// Thread-safe. A memfd mapped shared: what is written is there for a
// successor however this process ends.
class InFlightJournal {
 public:
  struct Layout;  // of the memory

  // An empty one in a new memfd.
  static absl::StatusOr<std::unique_ptr<InFlightJournal>> Create();
  // A predecessor's. InvalidArgument if it is of another layout.
  static absl::StatusOr<std::unique_ptr<InFlightJournal>> Open(Fd memory);
  FdRef memory() const { return memory_.fd(); }

  // A slot for the next call of `listener`. -1: full, or the name is too long;
  // the call is not in the journal then.
  int Reserve(std::string_view listener);
  // The slot's, for NotifyPort::Receive; until Leave.
  void* NotificationBytes(int slot);
  // Before an action that is not to be done twice: what tells a successor
  // whether it was done (progress.h).
  void Note(int slot, uint64_t mark);
  // It was answered, or there was none.
  void Leave(int slot);

  struct Unanswered {
    int slot;
    seccomp::Notification call;
    uint64_t mark;  // the last that was noted; 0: none
  };
  // A predecessor's calls of `listener`. They stay until Leave.
  std::vector<Unanswered> Find(std::string_view listener);

 private:
  explicit InFlightJournal(SharedMemory memory);

  SharedMemory memory_;
  absl::Mutex mu_;
  Layout* const layout_;
  std::vector<int> free_ ABSL_GUARDED_BY(mu_);
};

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_IN_FLIGHT_JOURNAL_H_
