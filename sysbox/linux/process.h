// Making, naming, signalling and awaiting processes: clone3(2), pidfd_open(2),
// waitid(2), execveat(2), prctl(2).
#ifndef SYSBOX_LINUX_PROCESS_H_
#define SYSBOX_LINUX_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/linux/fd.h"

namespace sysbox {

// How a process ended: `signal` is 0 after exit(`code`).
struct ExitStatus {
  int code = 0;
  int signal = 0;
  // As a shell reports it: code, or 128 + signal.
  int ShellCode() const { return signal != 0 ? 128 + signal : code; }
};

// A process that may or may not be our child, named race-free.
class Pidfd {
 public:
  Pidfd() = default;
  Pidfd(pid_t pid, Fd fd) : pid_(pid), fd_(std::move(fd)) {}
  pid_t pid() const { return pid_; }
  FdRef fd() const { return fd_; }
  bool valid() const { return fd_.valid(); }
  absl::Status Signal(int signal) const;  // pidfd_send_signal(2); ESRCH if gone
  bool Alive() const;                     // not exited (a zombie has)

 private:
  pid_t pid_ = -1;
  Fd fd_;
};

absl::StatusOr<Pidfd> OpenPidfd(pid_t pid);  // ESRCH if there is none

// Both: ESRCH if there is no such process.
// Field 22 of /proc/PID/stat: with the pid, names a process for good.
absl::StatusOr<uint64_t> StartTimeTicks(pid_t pid);
// Field 3 of /proc/PID/stat: 'R', 'S', 'Z', ….
absl::StatusOr<char> ProcessState(pid_t pid);

// A child of ours. Killed with SIGKILL and reaped when destroyed, unless
// released or already awaited: no failure path leaves a process behind.
class OwnedChild {
 public:
  OwnedChild() = default;
  OwnedChild(pid_t pid, Fd pidfd);
  OwnedChild(OwnedChild&&) noexcept;
  OwnedChild& operator=(OwnedChild&&) noexcept;
  ~OwnedChild();

  pid_t pid() const { return pidfd_.pid(); }
  const Pidfd& pidfd() const { return pidfd_; }
  bool valid() const { return pidfd_.valid(); }
  absl::StatusOr<ExitStatus> Wait();  // blocks; then this owns nothing
  // Lets the process live on; the caller only keeps its name.
  Pidfd Release();

 private:
  Pidfd pidfd_;
};

struct CloneOptions {
  uint64_t flags = 0;                     // CLONE_NEW*, CLONE_PARENT, …
  std::optional<FdRef> into_cgroup = {};  // CLONE_INTO_CGROUP (Linux 5.7)
  int exit_signal = 17;                   // SIGCHLD; 0 with CLONE_PARENT
};
// clone3(2) without sharing memory: like fork(2), both sides return. In the
// child the optional is empty. The child must not return into code that
// touches threads or the parent's RAII objects (its copy of an OwnedChild would
// kill a sibling); it ends with _exit or exec. glibc learns nothing of the new
// process: no atfork handlers run, so in the child of a process with threads
// only system calls are safe, and the child must not make threads.
absl::StatusOr<std::optional<OwnedChild>> Clone(const CloneOptions& options);

// Runs `body` in a forked child and ends the child with its result.
absl::StatusOr<OwnedChild> Fork(int (*body)(void*), void* argument);

// fork(2), for a child that goes on with a life of its own: the C library
// knows it, so it may make threads. The caller must have none. As with Clone,
// the optional is empty in the child, which ends with _exit.
absl::StatusOr<std::optional<OwnedChild>> ForkProcess();

// waitid(2) for any child. nullopt when WNOHANG found none or none is left.
struct ReapedChild {
  pid_t pid;
  ExitStatus status;
};
absl::StatusOr<std::optional<ReapedChild>> ReapAnyChild(bool block);

// execve(2)/execveat(2, AT_EMPTY_PATH); only return on error.
absl::Status Execute(const std::string& path,
                     absl::Span<const std::string> args,
                     absl::Span<const std::string> env);
absl::Status ExecuteFd(FdRef file, absl::Span<const std::string> args,
                       absl::Span<const std::string> env);

// Runs another program (hooks, ps) in a process group of its own, with default
// signals: its stdin is `input`; stdout and stderr are captured up to
// `output_limit` bytes each, the rest is thrown away. Returns when the program
// itself ends. It and its group are SIGKILLed at `timeout_seconds` (0: none) →
// DeadlineExceeded. A program that cannot be executed is an error with
// execve(2)'s errno. `path` is not searched for.
struct CommandResult {
  ExitStatus status;
  std::string output;  // stdout
  std::string error;   // stderr
};
struct Command {
  std::string path = {};
  std::vector<std::string> args = {};  // args[0] included
  std::vector<std::string> env = {};
  std::string input = {};
  FdRef directory{-1};  // to run in; invalid: where we are
  int timeout_seconds = 0;
  size_t output_limit = size_t{64} << 10;
};
absl::StatusOr<CommandResult> RunCommand(const Command& command);

absl::Status SetProcessName(std::string_view name);  // PR_SET_NAME, 15 bytes
absl::Status SetParentDeathSignal(int signal);       // PR_SET_PDEATHSIG
absl::Status SetChildSubreaper(bool on);             // PR_SET_CHILD_SUBREAPER
absl::Status SetDumpable(bool on);                   // PR_SET_DUMPABLE
absl::Status NewSession();                           // setsid(2)
absl::Status ChangeDirectory(FdRef dir);             // fchdir(2)
absl::Status ChangeRoot(FdRef dir);                  // chroot(2) to the fd

}  // namespace sysbox

#endif  // SYSBOX_LINUX_PROCESS_H_
