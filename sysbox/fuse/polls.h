// Who polls (poll(2), epoll(7)) files that tell by it that they have changed:
// of procfs, hostname. As there, each open file is told once of each change,
// by POLLERR and POLLPRI; it is always readable. Thread-safe.
#ifndef SYSBOX_FUSE_POLLS_H_
#define SYSBOX_FUSE_POLLS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "sysbox/fuse/poll_journal.h"

namespace sysbox::fuse {

class Polls {
 public:
  // Open files that are remembered: of more, those that were opened first are
  // not told any more, for nobody tells when they are closed.
  static constexpr size_t kMost = 1024;

  Polls() = default;
  // Of the connection `name`, in whose name a successor finds them; `journal`
  // may be null.
  Polls(std::shared_ptr<PollJournal> journal, std::string name)
      : journal_(std::move(journal)), name_(std::move(name)) {}

  // One poll of an open file, known by the kernel's number of it: whether
  // there was a change since its last one. `wait`: it waits for the next.
  bool Ask(uint64_t file, bool wait);
  // A change: the files that waited for it.
  std::vector<uint64_t> Change();

  // The files that waited when a predecessor ended, to be woken: each is told
  // of a change, for there may have been one.
  std::vector<uint64_t> Resume();
  // The connection has ended: nobody is to find them.
  void End();

 private:
  struct Seen {
    uint64_t changes = 0;
    bool waits = false;
    int slot = -1;  // in the journal
  };
  void Drop(const Seen& seen);

  const std::shared_ptr<PollJournal> journal_;
  const std::string name_;
  absl::Mutex mu_;
  uint64_t changes_ ABSL_GUARDED_BY(mu_) = 0;
  std::map<uint64_t, Seen> files_ ABSL_GUARDED_BY(mu_);
};

}  // namespace sysbox::fuse

#endif  // SYSBOX_FUSE_POLLS_H_
