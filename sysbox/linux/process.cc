#include "sysbox/linux/process.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "absl/strings/str_split.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/file.h"

namespace sysbox {
namespace {

ExitStatus ToExitStatus(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return {.code = info.si_status};
  return {.signal = info.si_status};
}

// waitid(2) of children whatever signal they send at their end (__WALL).
// The errno, or 0.
int WaitId(idtype_t type, int id, int options, siginfo_t* info) {
  *info = {};
  while (waitid(type, static_cast<id_t>(id), info,
                WEXITED | __WALL | options) != 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

absl::Status KillByPidfd(int fd, int signal) {
  if (syscall(SYS_pidfd_send_signal, fd, signal, nullptr, 0) != 0) {
    return ErrnoStatus(errno, "pidfd_send_signal");
  }
  return absl::OkStatus();
}

// The fields of /proc/PID/stat from the third on. The second is the command
// name in parentheses, which may itself contain spaces and parentheses.
absl::StatusOr<std::vector<std::string>> StatFields(pid_t pid) {
  const std::string path = fmt::format("/proc/{}/stat", pid);
  absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) {
    if (ErrnoOf(text.status()) != ENOENT) return text.status();
    return ErrnoStatus(ESRCH, fmt::format("read {}", path));
  }
  const size_t name_end = text->rfind(')');
  if (name_end == std::string::npos || name_end + 2 > text->size()) {
    return Internal("{}: no command name", path);
  }
  return absl::StrSplit(ToAbsl(std::string_view(*text).substr(name_end + 2)),
                        ' ');
}

absl::Status Prctl(int option, unsigned long value, std::string_view what) {
  if (prctl(option, value, 0, 0, 0) != 0) return ErrnoStatus(errno, what);
  return absl::OkStatus();
}

// A null-terminated array of pointers into `strings`.
std::vector<char*> PointersTo(absl::Span<const std::string> strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& string : strings) {
    pointers.push_back(const_cast<char*>(string.c_str()));
  }
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

absl::Status Pidfd::Signal(int signal) const {
  SYSBOX_RETURN_IF_ERROR(KillByPidfd(fd_.get(), signal),
                         "signal {} to process {}", signal, pid_);
  return absl::OkStatus();
}

bool Pidfd::Alive() const {
  // A pidfd is readable once its process is a zombie or gone.
  pollfd entry = {.fd = fd_.get(), .events = POLLIN, .revents = 0};
  return TEMP_FAILURE_RETRY(poll(&entry, 1, 0)) == 0;
}

absl::StatusOr<Pidfd> OpenPidfd(pid_t pid) {
  const long fd = syscall(SYS_pidfd_open, pid, 0);  // sets close-on-exec
  if (fd < 0) {
    const int error = errno;
    return ErrnoStatus(error, fmt::format("pidfd_open {}", pid));
  }
  return Pidfd(pid, Fd(static_cast<int>(fd)));
}

absl::StatusOr<uint64_t> StartTimeTicks(pid_t pid) {
  constexpr size_t kStartTime = 22 - 3;
  SYSBOX_ASSIGN_OR_RETURN(std::vector<std::string> fields, StatFields(pid));
  std::optional<uint64_t> ticks;
  if (fields.size() > kStartTime) ticks = ParseUint64(fields[kStartTime]);
  if (!ticks) return Internal("/proc/{}/stat: no start time", pid);
  return *ticks;
}

absl::StatusOr<char> ProcessState(pid_t pid) {
  SYSBOX_ASSIGN_OR_RETURN(std::vector<std::string> fields, StatFields(pid));
  if (fields.empty() || fields[0].size() != 1) {
    return Internal("/proc/{}/stat: no state", pid);
  }
  return fields[0][0];
}

OwnedChild::OwnedChild(pid_t pid, Fd pidfd) : pidfd_(pid, std::move(pidfd)) {}

OwnedChild::OwnedChild(OwnedChild&& other) noexcept = default;

OwnedChild& OwnedChild::operator=(OwnedChild&& other) noexcept {
  if (this == &other) return *this;
  // Its destructor ends the process owned so far.
  OwnedChild former = std::move(*this);
  pidfd_ = std::move(other.pidfd_);
  return *this;
}

OwnedChild::~OwnedChild() {
  if (!valid()) return;
  // ESRCH: a zombie already. ECHILD: made with CLONE_PARENT, or SIGCHLD is
  // ignored; then it is not ours to reap.
  KillByPidfd(pidfd_.fd().get(), SIGKILL).IgnoreError();
  siginfo_t info;
  (void)WaitId(P_PIDFD, pidfd_.fd().get(), 0, &info);
}

absl::StatusOr<ExitStatus> OwnedChild::Wait() {
  siginfo_t info;
  const int error = WaitId(P_PIDFD, pidfd_.fd().get(), 0, &info);
  if (error != 0) return ErrnoStatus(error, fmt::format("waitid {}", pid()));
  pidfd_ = Pidfd();
  return ToExitStatus(info);
}

Pidfd OwnedChild::Release() { return std::exchange(pidfd_, Pidfd()); }

absl::StatusOr<std::optional<OwnedChild>> Clone(const CloneOptions& options) {
  int pidfd = -1;
  clone_args args = {};
  args.flags = options.flags | CLONE_PIDFD;
  args.pidfd = reinterpret_cast<uintptr_t>(&pidfd);
  args.exit_signal = static_cast<uint64_t>(options.exit_signal);
  if (options.into_cgroup) {
    args.flags |= CLONE_INTO_CGROUP;
    args.cgroup = static_cast<uint64_t>(options.into_cgroup->get());
  }
  // The raw call runs no atfork handlers and leaves glibc's cached thread id
  // alone: single-threaded code does not notice.
  const long pid = syscall(SYS_clone3, &args, sizeof args);
  if (pid < 0) {
    const int error = errno;
    return ErrnoStatus(error, fmt::format("clone3 flags {:#x}", args.flags));
  }
  if (pid == 0) return std::optional<OwnedChild>();
  return std::optional<OwnedChild>(std::in_place, static_cast<pid_t>(pid),
                                   Fd(pidfd));
}

absl::StatusOr<OwnedChild> Fork(int (*body)(void*), void* argument) {
  SYSBOX_ASSIGN_OR_RETURN(std::optional<OwnedChild> child, Clone({}));
  if (!child.has_value()) _exit(body(argument));
  return *std::move(child);
}

absl::StatusOr<std::optional<OwnedChild>> ForkProcess() {
  const pid_t pid = fork();
  const int error = errno;
  if (pid < 0) return ErrnoStatus(error, "fork");
  if (pid == 0) return std::nullopt;
  absl::StatusOr<Pidfd> pidfd = OpenPidfd(pid);
  if (!pidfd.ok()) {
    (void)kill(pid, SIGKILL);  // ours, and not reaped: nobody else's pid
    (void)waitpid(pid, nullptr, 0);
    return pidfd.status();
  }
  SYSBOX_ASSIGN_OR_RETURN(Fd fd, Duplicate(pidfd->fd()));
  return OwnedChild(pid, std::move(fd));
}

absl::StatusOr<std::optional<ReapedChild>> ReapAnyChild(bool block) {
  siginfo_t info;
  const int error = WaitId(P_ALL, 0, block ? 0 : WNOHANG, &info);
  if (error == ECHILD || (error == 0 && info.si_pid == 0)) return std::nullopt;
  if (error != 0) return ErrnoStatus(error, "waitid");
  return ReapedChild{info.si_pid, ToExitStatus(info)};
}

absl::Status Execute(const std::string& path,
                     absl::Span<const std::string> args,
                     absl::Span<const std::string> env) {
  const std::vector<char*> arg_pointers = PointersTo(args);
  const std::vector<char*> env_pointers = PointersTo(env);
  execve(path.c_str(), arg_pointers.data(), env_pointers.data());
  const int error = errno;
  return ErrnoStatus(error, fmt::format("execve {}", path));
}

absl::Status ExecuteFd(FdRef file, absl::Span<const std::string> args,
                       absl::Span<const std::string> env) {
  const std::vector<char*> arg_pointers = PointersTo(args);
  const std::vector<char*> env_pointers = PointersTo(env);
  syscall(SYS_execveat, file.get(), "", arg_pointers.data(),
          env_pointers.data(), AT_EMPTY_PATH);
  const int error = errno;
  return ErrnoStatus(error,
                     fmt::format("execveat {}", args.empty() ? "" : args[0]));
}

absl::Status SetProcessName(std::string_view name) {
  const std::string text(name.substr(0, 15));
  return Prctl(PR_SET_NAME, reinterpret_cast<unsigned long>(text.c_str()),
               "prctl PR_SET_NAME");
}

absl::Status SetParentDeathSignal(int signal) {
  return Prctl(PR_SET_PDEATHSIG, static_cast<unsigned long>(signal),
               "prctl PR_SET_PDEATHSIG");
}

absl::Status SetChildSubreaper(bool on) {
  return Prctl(PR_SET_CHILD_SUBREAPER, on, "prctl PR_SET_CHILD_SUBREAPER");
}

absl::Status SetDumpable(bool on) {
  return Prctl(PR_SET_DUMPABLE, on, "prctl PR_SET_DUMPABLE");
}

absl::Status NewSession() {
  if (setsid() < 0) return ErrnoStatus(errno, "setsid");
  return absl::OkStatus();
}

absl::Status ChangeDirectory(FdRef dir) {
  if (fchdir(dir.get()) != 0) return ErrnoStatus(errno, "fchdir");
  return absl::OkStatus();
}

absl::Status ChangeRoot(FdRef dir) {
  SYSBOX_RETURN_IF_ERROR(ChangeDirectory(dir));
  if (chroot(".") != 0) return ErrnoStatus(errno, "chroot");
  return absl::OkStatus();
}

}  // namespace sysbox
