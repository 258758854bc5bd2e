// The pid file of a daemon of which there may be one. Whoever holds the
// flock(2) on it lives, whatever numbers it contains: its pid and, on a second
// line, that of who starts its successor, if anybody does.
#ifndef SYSBOX_MGR_PID_FILE_H_
#define SYSBOX_MGR_PID_FILE_H_

#include <sys/types.h>

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"

namespace sysbox::mgr {

class PidFile {
 public:
  // Locks `path` and writes our pid and `keeper`'s, if that is not 0.
  // AlreadyExists, naming its pid, if another process holds it, and goes on
  // to: one that is just dying is waited for, and one that was killed and that
  // the kernel does not let go counts no more, once its keeper is gone.
  // `inherited`, if valid and the lock() of a predecessor of ours, is taken
  // over: he may be killed, and yet not gone for long.
  static absl::StatusOr<PidFile> Take(const std::string& path,
                                      Fd inherited = Fd(), pid_t keeper = 0);
  FdRef lock() const { return lock_; }
  // Whether somebody who counts no more has the former file, and so whatever
  // else was his.
  bool is_from_the_dead() const { return from_the_dead_; }

  PidFile(PidFile&&) = default;
  PidFile& operator=(PidFile&&) = delete;
  ~PidFile();  // removes the file

 private:
  static absl::StatusOr<PidFile> Write(const std::string& path, Fd lock,
                                       pid_t keeper);
  PidFile(std::string path, Fd lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}
  std::string path_;
  Fd lock_;
  bool from_the_dead_ = false;
};

}  // namespace sysbox::mgr

#endif  // SYSBOX_MGR_PID_FILE_H_
