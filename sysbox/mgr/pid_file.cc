#include "sysbox/mgr/pid_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/dying_process.h"
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

// Whom the file names; 0: nobody, or nobody yet.
struct Named {
  pid_t holder = 0;
  pid_t keeper = 0;
};

Named ReadNamed(const std::string& path) {
  Named named;
  const absl::StatusOr<std::string> text = ReadFile(path, 64);
  if (!text.ok()) return named;
  pid_t* const fields[] = {&named.holder, &named.keeper};
  std::string_view rest = *text;
  for (pid_t* field : fields) {
    const size_t end = rest.find('\n');
    const auto pid = ParseUint64(rest.substr(0, end));
    if (end == rest.npos || !pid || *pid > INT_MAX) break;
    *field = static_cast<pid_t>(*pid);
    rest.remove_prefix(end + 1);
  }
  return named;
}

// Whether it ends within a moment. One that was killed a moment ago, with its
// parent say, may still be on its way out.
bool EndsSoon(pid_t pid) {
  constexpr int kMomentMs = 300;
  if (pid == 0) return false;
  const absl::StatusOr<Pidfd> process = OpenPidfd(pid);
  if (!process.ok()) return ErrnoOf(process.status()) == ESRCH;
  const absl::StatusOr<bool> ended = WaitReadable(process->fd(), kMomentMs);
  return ended.ok() && *ended;
}

bool IsGone(pid_t pid) {
  return pid == 0 || ErrnoOf(OpenPidfd(pid).status()) == ESRCH;
}

// Whether the holder was killed and is there only because a thread of it waits
// for a file system that does not answer, and nobody has its lock besides.
bool IsHeldByTheDead(const std::string& path) {
  const Named named = ReadNamed(path);
  if (named.holder == 0 || !IsGone(named.keeper)) return false;
  const absl::StatusOr<char> leader = ProcessState(named.holder);
  const absl::StatusOr<bool> stuck = IsStuck(named.holder);
  return leader.ok() && *leader == 'Z' && stuck.ok() && *stuck;
}

// A lock on another file in the place of `path`, if the dead hold that one;
// EWOULDBLOCK if the living do, or another of us is about it.
absl::StatusOr<Fd> TakeFromTheDead(const std::string& path) {
  SYSBOX_ASSIGN_OR_RETURN(const Fd turn,
                          Open(path.substr(0, path.rfind('/') + 1),
                               {.flags = O_RDONLY | O_DIRECTORY}));
  SYSBOX_RETURN_IF_ERROR(TryLock(turn));
  absl::StatusOr<Fd> lock = TryLockFile(path, 0644);
  if (ErrnoOf(lock.status()) != EWOULDBLOCK || !IsHeldByTheDead(path)) {
    return lock;
  }
  SYSBOX_RETURN_IF_ERROR(Unlink(path));
  return TryLockFile(path, 0644);
}

absl::Status TakenBy(const std::string& path) {
  absl::StatusOr<std::string> pid = ReadFile(path, 64);
  return absl::AlreadyExistsError(fmt::format(
      "another instance is running: process {} ({})",
      pid.ok() ? std::string_view(*pid).substr(0, pid->find('\n')) : "?",
      path));
}

}  // namespace

absl::StatusOr<PidFile> PidFile::Take(const std::string& path, Fd inherited,
                                      pid_t keeper) {
  if (inherited.valid() && IsStillThere(inherited, path) &&
      TryLock(inherited).ok()) {
    return Write(path, std::move(inherited), keeper);
  }
  bool from_the_dead = false;
  for (bool patient = true;;) {
    absl::StatusOr<Fd> lock = TryLockFile(path, 0644);
    if (ErrnoOf(lock.status()) == EWOULDBLOCK) {
      if (std::exchange(patient, false) && EndsSoon(ReadNamed(path).holder)) {
        continue;
      }
      lock = TakeFromTheDead(path);
      if (ErrnoOf(lock.status()) == EWOULDBLOCK) return TakenBy(path);
      from_the_dead = true;
    }
    SYSBOX_RETURN_IF_ERROR(lock);
    if (!IsStillThere(*lock, path)) continue;
    SYSBOX_ASSIGN_OR_RETURN(PidFile taken,
                            Write(path, *std::move(lock), keeper));
    taken.from_the_dead_ = from_the_dead;
    return taken;
  }
}

absl::StatusOr<PidFile> PidFile::Write(const std::string& path, Fd lock,
                                       pid_t keeper) {
  SYSBOX_ASSIGN_OR_RETURN(Fd file, Open(path, {.flags = O_WRONLY | O_TRUNC}));
  std::string text = fmt::format("{}\n", getpid());
  if (keeper != 0) text += fmt::format("{}\n", keeper);
  SYSBOX_RETURN_IF_ERROR(WriteAll(file, text));
  return PidFile(path, std::move(lock));
}

PidFile::~PidFile() {
  if (lock_.valid()) (void)Unlink(path_);  // gone: somebody cleaned /run
}

}  // namespace sysbox::mgr
