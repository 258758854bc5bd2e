#include "sysbox/ids/shadow_lock.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/process.h"

namespace sysbox {
namespace {

constexpr int kWaitMs = 10000;
constexpr int kAttempts = 16;

// EEXIST when somebody has it. (shadow links a finished file into place; a
// useradd that looks in the instant between our two calls reports a busy
// lock, as it does for any holder.)
absl::Status CreateLock(const std::string& path) {
  SYSBOX_ASSIGN_OR_RETURN(
      Fd fd, Open(path, {.flags = O_WRONLY | O_CREAT | O_EXCL, .mode = 0600}));
  const std::string pid = fmt::format("{}", getpid());
  // With the NUL, which shadow writes too and expects.
  return WriteAll(fd, std::string_view(pid.c_str(), pid.size() + 1));
}

// nullopt when the holder is dead, was never named, or has let go.
absl::StatusOr<std::optional<Pidfd>> Holder(const std::string& path) {
  absl::StatusOr<std::string> text = ReadFile(path, 64);
  if (!text.ok() && ErrnoOf(text.status()) == ENOENT) return std::nullopt;
  SYSBOX_RETURN_IF_ERROR(text);
  std::optional<uint64_t> pid = ParseUint64(text->substr(0, text->find('\0')));
  if (!pid || *pid == 0 || *pid > 0x7fffffff) return std::nullopt;
  absl::StatusOr<Pidfd> holder = OpenPidfd(static_cast<pid_t>(*pid));
  if (!holder.ok() && ErrnoOf(holder.status()) == ESRCH) return std::nullopt;
  SYSBOX_RETURN_IF_ERROR(holder);
  if (!holder->Alive()) return std::nullopt;  // a zombie
  return *std::move(holder);
}

}  // namespace

absl::StatusOr<ShadowLock> ShadowLock::Take(const std::string& path) {
  std::string lock_path = path + ".lock";
  pid_t waited_for = 0;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const absl::Status created = CreateLock(lock_path);
    if (created.ok()) return ShadowLock(std::move(lock_path));
    if (ErrnoOf(created) != EEXIST) return created;
    SYSBOX_ASSIGN_OR_RETURN(std::optional<Pidfd> holder, Holder(lock_path));
    if (!holder) {
      (void)Unlink(lock_path);  // stale; creating it reports the real problem
      continue;
    }
    if (holder->pid() == waited_for) break;
    waited_for = holder->pid();
    SYSBOX_RETURN_IF_ERROR(WaitReadable(holder->fd(), kWaitMs));
  }
  return absl::UnavailableError(
      fmt::format("{} is locked by process {} ({}); try again when it is done",
                  path, waited_for, lock_path));
}

ShadowLock::~ShadowLock() {
  if (lock_path_.empty()) return;
  (void)Unlink(lock_path_);  // gone already: somebody took us for dead
}

}  // namespace sysbox
