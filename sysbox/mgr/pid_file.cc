#include "sysbox/mgr/pid_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"

namespace sysbox::mgr {
namespace {

// False when `path` is another file than the one we locked: its owner removed
// it between our open and our lock.
bool IsStillThere(FdRef lock, const std::string& path) {
  absl::StatusOr<struct stat> ours = Stat(lock);
  absl::StatusOr<struct stat> there = StatAt(FdRef::Cwd(), path);
  return ours.ok() && there.ok() && ours->st_ino == there->st_ino;
}

absl::Status TakenBy(const std::string& path) {
  absl::StatusOr<std::string> pid = ReadFile(path, 64);
  return absl::AlreadyExistsError(fmt::format(
      "another instance is running: process {} ({})",
      pid.ok() ? std::string_view(*pid).substr(0, pid->find('\n')) : "?",
      path));
}

}  // namespace

absl::StatusOr<PidFile> PidFile::Take(const std::string& path) {
  for (;;) {
    absl::StatusOr<Fd> lock = TryLockFile(path, 0644);
    if (!lock.ok() && ErrnoOf(lock.status()) == EWOULDBLOCK) {
      return TakenBy(path);
    }
    SYSBOX_RETURN_IF_ERROR(lock);
    if (!IsStillThere(*lock, path)) continue;
    SYSBOX_ASSIGN_OR_RETURN(Fd file, Open(path, {.flags = O_WRONLY | O_TRUNC}));
    SYSBOX_RETURN_IF_ERROR(WriteAll(file, fmt::format("{}\n", getpid())));
    return PidFile(path, *std::move(lock));
  }
}

PidFile::~PidFile() {
  if (lock_.valid()) (void)Unlink(path_);  // gone: somebody cleaned /run
}

}  // namespace sysbox::mgr
