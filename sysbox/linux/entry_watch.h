// fanotify(7) for another question than fanotify.h's: what happened to the
// names in some single directories, and to what? Wants Linux 5.17 and a
// filesystem with file handles, which overlay's are not.
#ifndef SYSBOX_LINUX_ENTRY_WATCH_H_
#define SYSBOX_LINUX_ENTRY_WATCH_H_

#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/file_handle.h"

namespace sysbox {

class EntryWatch {
 public:
  // EPERM without CAP_SYS_ADMIN; EINVAL if the kernel is too old.
  static absl::StatusOr<EntryWatch> Create();

  // Watches one directory, O_PATH will do, until it is removed; it is not kept
  // from being removed or unmounted. Already watched is fine.
  // Names made or removed in it:
  absl::Status AddNames(FdRef directory);
  // Files and directories renamed from it to anywhere else:
  absl::Status AddMovesFrom(FdRef directory);
  // No names any more; ENOENT if they were not watched.
  absl::Status RemoveNames(FdRef directory);

  struct Event {
    FileHandle directory;  // the watched one
    FileHandle target;     // what was made, removed or moved
    bool moved = false;
  };
  struct Events {
    std::vector<Event> events;
    bool lost = false;  // there were more than the kernel's queue holds
  };
  // What is pending, as far as a page holds; nothing is fine.
  absl::StatusOr<Events> Read();

  FdRef fd() const { return fd_; }  // readable when there are events

 private:
  explicit EntryWatch(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace sysbox

#endif  // SYSBOX_LINUX_ENTRY_WATCH_H_
