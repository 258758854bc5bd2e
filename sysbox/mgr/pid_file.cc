#include "sysbox/mgr/pid_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/file_lock.h"
#include "sysbox/linux/process.h"

namespace sysbox::mgr {
namespace {

// False when `path` is another file than the one we locked: its owner removed
// it between our open and our lock.
bool IsStillThere(FdRef lock, const std::string& path) {
  absl::StatusOr<struct stat> ours = Stat(lock);
  absl::StatusOr<struct stat> there = StatAt(FdRef::Cwd(), path);
  return ours.ok() && there.ok() && ours->st_ino == there->st_ino;
}

// Whether the process that `path` names ends within a moment. One that was
// killed a moment ago, with its parent say, may still be on its way out.
bool EndsSoon(const std::string& path) {
  constexpr int kMomentMs = 300;
  const absl::StatusOr<std::string> text = ReadFile(path, 64);
  if (!text.ok()) return false;
  const auto pid = ParseUint64(text->substr(0, text->find('\n')));
  if (!pid || *pid == 0 || *pid > INT_MAX) return false;
  const absl::StatusOr<Pidfd> process = OpenPidfd(static_cast<pid_t>(*pid));
  if (!process.ok()) return ErrnoOf(process.status()) == ESRCH;
  const absl::StatusOr<bool> ended = WaitReadable(process->fd(), kMomentMs);
  return ended.ok() && *ended;
}

absl::Status TakenBy(const std::string& path) {
  absl::StatusOr<std::string> pid = ReadFile(path, 64);
  return absl::AlreadyExistsError(fmt::format(
      "another instance is running: process {} ({})",
      pid.ok() ? std::string_view(*pid).substr(0, pid->find('\n')) : "?",
      path));
}

}  // namespace

absl::StatusOr<PidFile> PidFile::Take(const std::string& path, Fd inherited) {
  if (inherited.valid() && IsStillThere(inherited, path) &&
      TryLock(inherited).ok()) {
    return Write(path, std::move(inherited));
  }
  for (bool patient = true;;) {
    absl::StatusOr<Fd> lock = TryLockFile(path, 0644);
    if (!lock.ok() && ErrnoOf(lock.status()) == EWOULDBLOCK) {
      if (!std::exchange(patient, false) || !EndsSoon(path)) {
        return TakenBy(path);
      }
      continue;
    }
    SYSBOX_RETURN_IF_ERROR(lock);
    if (!IsStillThere(*lock, path)) continue;
    return Write(path, *std::move(lock));
  }
}

absl::StatusOr<PidFile> PidFile::Write(const std::string& path, Fd lock) {
  SYSBOX_ASSIGN_OR_RETURN(Fd file, Open(path, {.flags = O_WRONLY | O_TRUNC}));
  SYSBOX_RETURN_IF_ERROR(WriteAll(file, fmt::format("{}\n", getpid())));
  return PidFile(path, std::move(lock));
}

PidFile::~PidFile() {
  if (lock_.valid()) (void)Unlink(path_);  // gone: somebody cleaned /run
}

}  // namespace sysbox::mgr
