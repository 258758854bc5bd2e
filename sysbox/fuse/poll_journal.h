// Who waits by poll(2) for a file to change, in memory that outlives the
// process: the kernel wakes only whom the server names, and those who wait do
// not ask again, so a successor must know them. Thread-safe.
#ifndef SYSBOX_FUSE_POLL_JOURNAL_H_
#define SYSBOX_FUSE_POLL_JOURNAL_H_

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/shared_memory.h"

namespace sysbox::fuse {

class PollJournal {
 public:
  // Of all connections together; of more, nobody remembers.
  static constexpr int kSlots = 4096;

  static absl::StatusOr<std::unique_ptr<PollJournal>> Create();
  // A predecessor's. InvalidArgument if it is of another layout.
  static absl::StatusOr<std::unique_ptr<PollJournal>> Open(Fd memory);
  FdRef memory() const { return memory_.fd(); }

  // Of the open file `file`, the kernel's number of it and not 0, of the
  // connection `name`. Where it is remembered; -1: nowhere, for want of a slot
  // or of a name of 1 to 119 bytes.
  int Remember(std::string_view name, uint64_t file);
  void Forget(int slot);

  // What predecessors have left of the connection `name`, each once.
  struct Left {
    int slot = 0;
    uint64_t file = 0;
  };
  std::vector<Left> TakeLeft(std::string_view name);

 private:
  struct Slot;
  explicit PollJournal(SharedMemory memory);
  Slot& SlotAt(int slot);

  SharedMemory memory_;
  absl::Mutex mu_;
  std::vector<int> free_ ABSL_GUARDED_BY(mu_);
  std::vector<int> left_ ABSL_GUARDED_BY(mu_);
};

}  // namespace sysbox::fuse

#endif  // SYSBOX_FUSE_POLL_JOURNAL_H_
