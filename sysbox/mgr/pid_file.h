// The pid file of a daemon of which there may be one: whoever holds the
// flock(2) on it lives, whatever number it contains.
#ifndef SYSBOX_MGR_PID_FILE_H_
#define SYSBOX_MGR_PID_FILE_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"

namespace sysbox::mgr {

class PidFile {
 public:
  // Locks `path` and writes our pid. AlreadyExists, naming its pid, if
  // another process holds it, and goes on to: one that is just dying is waited
  // for.
  // `inherited`, if valid and the lock() of a predecessor of ours, is taken
  // over: he may be killed, and yet not gone for long.
  static absl::StatusOr<PidFile> Take(const std::string& path,
                                      Fd inherited = Fd());
  FdRef lock() const { return lock_; }

  PidFile(PidFile&&) = default;
  PidFile& operator=(PidFile&&) = delete;
  ~PidFile();  // removes the file

 private:
  static absl::StatusOr<PidFile> Write(const std::string& path, Fd lock);
  PidFile(std::string path, Fd lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}
  std::string path_;
  Fd lock_;
};

}  // namespace sysbox::mgr

#endif  // SYSBOX_MGR_PID_FILE_H_
