// fanotify(7) for one question: in which of some filesystems was a file closed,
// after writing or at all? Whole superblocks are watched, whoever mounts them;
// a watch does not keep one from being unmounted.
#ifndef SYSBOX_LINUX_FANOTIFY_H_
#define SYSBOX_LINUX_FANOTIFY_H_

#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"

namespace sysbox {

class WriteWatch {
 public:
  // EPERM without CAP_SYS_ADMIN, ENOSYS without fanotify.
  static absl::StatusOr<WriteWatch> Create();

  // Watches the superblock that the directory `directory` (O_PATH will do) lies
  // on; already watched is fine.
  absl::Status Add(FdRef directory);
  // The same for every file and directory that is closed, written or not.
  absl::Status AddAllClosing(FdRef directory);
  // Stops watching the superblock of an event's `file`.
  absl::Status Remove(FdRef file);
  absl::Status RemoveAll();

  struct Event {
    Fd file;
    bool written = false;
  };
  struct Events {
    // What was closed, opened for reading by the kernel. Each keeps its mount
    // busy: close them soon.
    std::vector<Event> files;
    // Events were dropped, or their files could not be opened.
    bool lost = false;
  };
  // Takes at most kBatch pending events; none is fine.
  static constexpr int kBatch = 32;
  absl::StatusOr<Events> Read();

  FdRef fd() const { return fd_; }  // readable when there are events

 private:
  explicit WriteWatch(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace sysbox

#endif  // SYSBOX_LINUX_FANOTIFY_H_
