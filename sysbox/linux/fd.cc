#include "sysbox/linux/fd.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <optional>

#include "absl/cleanup/cleanup.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"

namespace sysbox {
namespace {

// fcntl(2): changes one bit of the value that `get` reads and `set` writes.
absl::Status SetFlagBit(FdRef fd, int get, int set, int bit, bool on) {
  const int flags = fcntl(fd.get(), get);
  if (flags < 0) {
    const int error = errno;
    return ErrnoStatus(error, fmt::format("fcntl {}", fd.get()));
  }
  const int wanted = on ? flags | bit : flags & ~bit;
  if (wanted == flags || fcntl(fd.get(), set, wanted) == 0) {
    return absl::OkStatus();
  }
  const int error = errno;
  return ErrnoStatus(error, fmt::format("fcntl {}", fd.get()));
}

absl::Status WalkAndCloseOnExec(int first) {
  DIR* dir = opendir("/proc/self/fd");
  if (dir == nullptr) {
    const int error = errno;
    return ErrnoStatus(error, "open /proc/self/fd");
  }
  absl::Cleanup close_dir = [dir] { closedir(dir); };
  while (const dirent* entry = readdir(dir)) {
    const std::optional<uint64_t> number = ParseUint64(entry->d_name);
    if (!number || *number > INT_MAX) continue;  // "." and ".."
    const int fd = static_cast<int>(*number);
    if (fd < first) continue;
    SYSBOX_RETURN_IF_ERROR(SetCloseOnExec(FdRef(fd), true));
  }
  return absl::OkStatus();
}

}  // namespace

void Fd::Reset(int fd) {
  // close(2) frees the descriptor even with EINTR: never retried.
  if (fd_ >= 0) (void)close(fd_);
  fd_ = fd;
}

FdRef FdRef::Cwd() { return FdRef(AT_FDCWD); }

absl::StatusOr<Fd> Duplicate(FdRef fd) {
  const int result = fcntl(fd.get(), F_DUPFD_CLOEXEC, 0);
  if (result >= 0) return Fd(result);
  const int error = errno;
  return ErrnoStatus(error, fmt::format("dup {}", fd.get()));
}

absl::Status DuplicateOnto(FdRef fd, int number) {
  // dup3(2) refuses equal numbers; the caller wants them inherited all the
  // same.
  if (fd.get() == number) return SetCloseOnExec(fd, false);
  if (TEMP_FAILURE_RETRY(dup3(fd.get(), number, 0)) >= 0) {
    return absl::OkStatus();
  }
  const int error = errno;
  return ErrnoStatus(error, fmt::format("dup {} onto {}", fd.get(), number));
}

bool IsInherited(int number) {
  const int flags = fcntl(number, F_GETFD);
  return flags >= 0 && (flags & FD_CLOEXEC) == 0;
}

absl::Status SetCloseOnExec(FdRef fd, bool close_on_exec) {
  return SetFlagBit(fd, F_GETFD, F_SETFD, FD_CLOEXEC, close_on_exec);
}

absl::Status SetNonBlocking(FdRef fd, bool non_blocking) {
  return SetFlagBit(fd, F_GETFL, F_SETFL, O_NONBLOCK, non_blocking);
}

absl::Status CloseOnExecFrom(int first) {
  if (first < 0) return InvalidArgument("first descriptor {}", first);
  if (syscall(SYS_close_range, static_cast<unsigned>(first), UINT_MAX,
              CLOSE_RANGE_CLOEXEC) == 0) {
    return absl::OkStatus();
  }
  // ENOSYS before 5.9, EINVAL for the flag before 5.11.
  return WalkAndCloseOnExec(first);
}

absl::Status CloseFrom(int first, std::vector<int> keep) {
  std::sort(keep.begin(), keep.end());
  keep.push_back(INT_MAX);
  for (int kept : keep) {
    if (kept < first) continue;
    if (kept > first && syscall(SYS_close_range, first,
                                static_cast<unsigned int>(kept) - 1, 0) != 0) {
      const int error = errno;
      return ErrnoStatus(error, fmt::format("close_range from {}", first));
    }
    if (kept == INT_MAX) break;
    first = kept + 1;
  }
  return absl::OkStatus();
}

std::string ProcPath(FdRef fd) {
  return fmt::format("/proc/self/fd/{}", fd.get());
}

}  // namespace sysbox
