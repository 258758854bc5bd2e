// Owned and borrowed file descriptors. Fd by value takes ownership, FdRef
// borrows; no other package passes a bare `int fd`.
#ifndef SYSBOX_LINUX_FD_H_
#define SYSBOX_LINUX_FD_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace sysbox {

// Owns a descriptor and closes it. Moved-from and default ones hold none.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) Reset(std::exchange(other.fd_, -1));
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { Reset(); }

  bool valid() const { return fd_ >= 0; }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  void Reset(int fd = -1);

 private:
  int fd_ = -1;
};

// Borrows a descriptor for the duration of a call. AT_FDCWD is FdRef::Cwd().
class FdRef {
 public:
  FdRef(const Fd& fd) : fd_(fd.get()) {}  // NOLINT: implicit on purpose
  explicit FdRef(int fd) : fd_(fd) {}
  static FdRef Cwd();
  bool valid() const { return fd_ >= 0; }
  int get() const { return fd_; }

 private:
  int fd_;
};

// A second, close-on-exec descriptor of the same open file (dup(2)).
absl::StatusOr<Fd> Duplicate(FdRef fd);
// Duplicates `fd` onto exactly `number`, without close-on-exec (dup3(2)).
absl::Status DuplicateOnto(FdRef fd, int number);
absl::Status SetCloseOnExec(FdRef fd, bool close_on_exec);
// Whether `number` is open and outlives exec(2): what a caller passed on, not
// what this process opened.
bool IsInherited(int number);
absl::Status SetNonBlocking(FdRef fd, bool non_blocking);

// Marks every descriptor >= `first` close-on-exec (close_range(2) with
// CLOSE_RANGE_CLOEXEC, Linux 5.11; walks /proc/self/fd before).
absl::Status CloseOnExecFrom(int first);

// Closes every descriptor >= `first` but those in `keep` (close_range(2),
// Linux 5.9). For a forked child that must not hold on to its parent's files.
absl::Status CloseFrom(int first, std::vector<int> keep);

// "/proc/self/fd/N", for the few interfaces that only take a path.
std::string ProcPath(FdRef fd);

}  // namespace sysbox

#endif  // SYSBOX_LINUX_FD_H_
