// RunCommand of process.h. The program's stdin is a memory file, not a pipe:
// nobody has to feed it, a program that does not read it raises no SIGPIPE
// here, and it can still be opened as /dev/stdin.
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>
#include <memory>
#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/process.h"

namespace sysbox {
namespace {

using Clock = std::chrono::steady_clock;

// What the new process needs, made before it exists: it shares our memory and
// may only make system calls.
struct SpawnRequest {
  const char* path;
  std::vector<char*> args;
  std::vector<char*> env;
  std::array<int, 3> standard_fds;  // all above 2
  int directory;                    // -1: stay
  int error = 0;                    // errno of what went wrong, or 0
};

// Runs in the new process, on a stack of its own.
int ExecuteRequest(void* argument) {
  auto* request = static_cast<SpawnRequest*>(argument);
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) {
    (void)sigaction(signal, &action, nullptr);  // not SIGKILL, nor libc's own
  }
  sigset_t none;
  sigemptyset(&none);
  (void)sigprocmask(SIG_SETMASK, &none, nullptr);
  (void)setpgid(0, 0);  // so that a time-out kills what it started, too
  for (int number = 0; number < 3; ++number) {
    if (dup2(request->standard_fds[number], number) < 0) {
      request->error = errno;
      _exit(127);
    }
  }
  if (request->directory < 0 || fchdir(request->directory) == 0) {
    execve(request->path, request->args.data(), request->env.data());
  }
  request->error = errno;
  _exit(127);
}

std::vector<char*> PointersTo(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& string : strings) {
    pointers.push_back(const_cast<char*>(string.c_str()));
  }
  pointers.push_back(nullptr);
  return pointers;
}

// As posix_spawn(3) does it: CLONE_VFORK with shared memory, which copies no
// page tables and hands the exec's errno back in place. clone(2) rather than
// clone3(2), because glibc only starts a function on a new stack with that.
absl::StatusOr<OwnedChild> Spawn(const Command& command,
                                 std::array<int, 3> standard_fds) {
  constexpr size_t kStackSize = size_t{64} << 10;
  auto stack = std::make_unique<char[]>(kStackSize);
  SpawnRequest request = {command.path.c_str(), PointersTo(command.args),
                          PointersTo(command.env), standard_fds,
                          command.directory.get()};
  // No handler of ours may run in the new process.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int pidfd = -1;
  const int pid =
      clone(ExecuteRequest, stack.get() + kStackSize,
            CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &request, &pidfd);
  const int clone_error = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return ErrnoStatus(clone_error, "clone");
  OwnedChild child(pid, Fd(pidfd));
  if (request.error != 0) {
    return ErrnoStatus(request.error, fmt::format("execve {}", command.path));
  }
  return child;
}

// Moves `fd` above the standard descriptors, so that making those for the
// program cannot overwrite it when we run without them ourselves.
absl::StatusOr<Fd> AboveStandard(Fd fd) {
  if (fd.get() > STDERR_FILENO) return fd;
  Fd moved(fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (!moved.valid()) return ErrnoStatus(errno, "fcntl F_DUPFD_CLOEXEC");
  return moved;
}

// A captured stream: our end of a pipe and what came out of it so far.
struct Capture {
  size_t limit;
  Fd read_end = {};
  std::string text = {};

  // Reads what is there, and forgets what is beyond the limit. Closes
  // `read_end` at the end of the stream.
  void Drain() {
    std::array<char, 16384> buffer;
    while (read_end.valid()) {
      const ssize_t size = TEMP_FAILURE_RETRY(
          read(read_end.get(), buffer.data(), buffer.size()));
      if (size < 0 && errno == EAGAIN) return;
      if (size <= 0) return read_end.Reset();
      const size_t room = limit - text.size();
      text.append(buffer.data(), std::min(room, static_cast<size_t>(size)));
    }
  }
};

// A pipe: its read end goes to `capture`, non-blocking; returns the other.
absl::StatusOr<Fd> MakePipe(Capture* capture) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return ErrnoStatus(errno, "pipe2");
  capture->read_end = Fd(ends[0]);
  Fd write_end(ends[1]);
  SYSBOX_RETURN_IF_ERROR(SetNonBlocking(capture->read_end, true));
  return AboveStandard(std::move(write_end));
}

// Milliseconds to the deadline for poll(2), rounded up; -1 without one.
int RemainingMs(const std::optional<Clock::time_point>& deadline) {
  if (!deadline) return -1;
  const int64_t left =
      std::chrono::ceil<std::chrono::milliseconds>(*deadline - Clock::now())
          .count();
  return static_cast<int>(std::clamp<int64_t>(left, 0, INT_MAX));
}

// Captures until the process `pidfd` ends; false at the deadline. What it
// leaves running may keep the pipes open, so their end is not waited for.
absl::StatusOr<bool> CaptureUntilEnd(
    FdRef pidfd, const std::optional<Clock::time_point>& deadline,
    Capture* output, Capture* error) {
  while (true) {
    std::array<pollfd, 3> entries = {{
        {pidfd.get(), POLLIN, 0},
        {output->read_end.get(), POLLIN, 0},  // -1 once closed: ignored
        {error->read_end.get(), POLLIN, 0},
    }};
    const int timeout_ms = RemainingMs(deadline);
    const int count = poll(entries.data(), entries.size(), timeout_ms);
    if (count < 0 && errno != EINTR) return ErrnoStatus(errno, "poll");
    output->Drain();
    error->Drain();
    if (count > 0 && entries[0].revents != 0) return true;
    // Even a program that never stops writing meets its deadline here.
    if (timeout_ms == 0) return false;
  }
}

}  // namespace

absl::StatusOr<CommandResult> RunCommand(const Command& command) {
  SYSBOX_ASSIGN_OR_RETURN(Fd memory, MakeMemoryFile("stdin", command.input));
  SYSBOX_ASSIGN_OR_RETURN(Fd input, AboveStandard(std::move(memory)));
  Capture output = {.limit = command.output_limit};
  Capture error = {.limit = command.output_limit};
  SYSBOX_ASSIGN_OR_RETURN(Fd output_end, MakePipe(&output));
  SYSBOX_ASSIGN_OR_RETURN(Fd error_end, MakePipe(&error));

  SYSBOX_ASSIGN_OR_RETURN(
      OwnedChild child,
      Spawn(command, {input.get(), output_end.get(), error_end.get()}));
  output_end.Reset();
  error_end.Reset();
  std::optional<Clock::time_point> deadline;
  if (command.timeout_seconds > 0) {
    deadline = Clock::now() + std::chrono::seconds(command.timeout_seconds);
  }
  SYSBOX_ASSIGN_OR_RETURN(
      bool ended,
      CaptureUntilEnd(child.pidfd().fd(), deadline, &output, &error), "run {}",
      command.path);
  if (!ended) {
    // Its process group: unreaped, so the number still names it.
    (void)kill(-child.pid(), SIGKILL);  // ESRCH: it left that group
    return absl::DeadlineExceededError(fmt::format(
        "run {}: killed after {} s", command.path, command.timeout_seconds));
  }
  SYSBOX_ASSIGN_OR_RETURN(ExitStatus status, child.Wait());
  return CommandResult{status, std::move(output.text), std::move(error.text)};
}

}  // namespace sysbox
