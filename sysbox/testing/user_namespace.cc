#include "sysbox/testing/user_namespace.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string>
#include <utility>

#include "absl/strings/cord.h"
#include "fmt/format.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/namespaces.h"

namespace sysbox::testing {
namespace {

using Body = absl::FunctionRef<absl::Status()>;

struct Pipe {
  Fd read;
  Fd write;
};

absl::StatusOr<Pipe> MakePipe() {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) == 0) return Pipe{Fd(fds[0]), Fd(fds[1])};
  const int error = errno;
  return ErrnoStatus(error, "pipe");
}

// fork(2) into new namespaces: glibc's clone wants a stack, this shares none.
absl::StatusOr<pid_t> ForkInto(uint64_t flags) {
  const long pid =
      syscall(SYS_clone, flags | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
  if (pid >= 0) return static_cast<pid_t>(pid);
  const int error = errno;
  return ErrnoStatus(error, fmt::format("clone {:#x}", flags));
}

absl::Status MapIds(pid_t pid) {
  const IdMapLine line = {
      .inside = 0, .outside = kHostIdBase, .size = kHostIdCount};
  SYSBOX_RETURN_IF_ERROR(WriteUidMap(pid, {line}));
  return WriteGidMap(pid, {line});
}

absl::Status Errno(int result, std::string_view what) {
  if (result == 0) return absl::OkStatus();
  const int error = errno;
  return ErrnoStatus(error, what);
}

absl::Status Settle(uint64_t flags) {
  if ((flags & CLONE_NEWUSER) != 0) {
    SYSBOX_RETURN_IF_ERROR(Errno(setgroups(0, nullptr), "setgroups"));
    SYSBOX_RETURN_IF_ERROR(Errno(setresgid(0, 0, 0), "setresgid"));
    SYSBOX_RETURN_IF_ERROR(Errno(setresuid(0, 0, 0), "setresuid"));
    // Else /proc/self belongs to the host's root.
    SYSBOX_RETURN_IF_ERROR(Errno(prctl(PR_SET_DUMPABLE, 1), "prctl"));
  }
  // After the ids: changing them clears it.
  SYSBOX_RETURN_IF_ERROR(Errno(prctl(PR_SET_PDEATHSIG, SIGKILL), "prctl"));
  if ((flags & CLONE_NEWNS) == 0) return absl::OkStatus();
  return Errno(mount("", "/", "", MS_REC | MS_PRIVATE, nullptr),
               "make mounts private");
}

absl::Status CallBody(Body body) {
  try {
    return body();
  } catch (...) {
    return Internal("the body threw: return a status, use no Catch2 macros");
  }
}

// The child's part. Its report: "<status code> <errno> <message>\n".
[[noreturn]] void RunChild(uint64_t flags, Pipe go, Pipe report, Body body) {
  report.read.Reset();
  go.write.Reset();
  char byte;
  if (TEMP_FAILURE_RETRY(read(go.read.get(), &byte, 1)) != 1) _exit(1);
  absl::Status status = Settle(flags);
  if (status.ok()) status = CallBody(body);
  const absl::Status written =
      WriteAll(report.write, fmt::format("{} {} {}\n", status.raw_code(),
                                         ErrnoOf(status), MessageOf(status)));
  _exit(written.ok() ? 0 : 1);
}

absl::Status ParseReport(const std::string& text) {
  int code = 0, error = 0, message = 0;
  if (std::sscanf(text.c_str(), "%d %d %n", &code, &error, &message) != 2 ||
      message == 0 || text.back() != '\n') {
    return Internal("the child sent no report");
  }
  const std::string body = text.substr(message, text.size() - message - 1);
  absl::Status status(static_cast<absl::StatusCode>(code), ToAbsl(body));
  if (error == 0) return status;
  // Only for its payload; the message has the kernel's text already.
  ErrnoStatus(error, "").ForEachPayload(
      [&](absl::string_view url, const absl::Cord& payload) {
        status.SetPayload(url, payload);
      });
  return status;
}

absl::Status Reap(pid_t pid) {
  int status = 0;
  if (TEMP_FAILURE_RETRY(waitpid(pid, &status, 0)) < 0) {
    const int error = errno;
    return ErrnoStatus(error, "waitpid");
  }
  if (WIFSIGNALED(status)) {
    return Internal("the child was killed by signal {}", WTERMSIG(status));
  }
  if (status == 0) return absl::OkStatus();
  return Internal("the child exited with {}", WEXITSTATUS(status));
}

// Kills and reaps a child that nobody waited for.
class ChildGuard {
 public:
  explicit ChildGuard(pid_t pid) : pid_(pid) {}
  ~ChildGuard() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    (void)Reap(pid_);  // the first error is the one to report
  }
  ChildGuard(const ChildGuard&) = delete;
  ChildGuard& operator=(const ChildGuard&) = delete;
  absl::Status Wait() { return Reap(std::exchange(pid_, 0)); }

 private:
  pid_t pid_;
};

absl::Status RunWithFlags(uint64_t flags, Body body) {
  SYSBOX_ASSIGN_OR_RETURN(Pipe go, MakePipe());
  SYSBOX_ASSIGN_OR_RETURN(Pipe report, MakePipe());
  SYSBOX_ASSIGN_OR_RETURN(const pid_t pid, ForkInto(flags));
  if (pid == 0) RunChild(flags, std::move(go), std::move(report), body);
  ChildGuard child(pid);
  go.read.Reset();
  report.write.Reset();
  if ((flags & CLONE_NEWUSER) != 0) SYSBOX_RETURN_IF_ERROR(MapIds(pid));
  SYSBOX_RETURN_IF_ERROR(WriteAll(go.write, "g"));
  // Ends when the child and all it forked are gone.
  SYSBOX_ASSIGN_OR_RETURN(const std::string text, ReadAll(report.read));
  SYSBOX_RETURN_IF_ERROR(child.Wait());
  return ParseReport(text);
}

}  // namespace

absl::Status RunInUserNamespace(uint64_t flags, Body body) {
  return RunWithFlags(flags | CLONE_NEWUSER, body);
}

absl::Status RunInNamespaces(uint64_t flags, Body body) {
  return RunWithFlags(flags, body);
}

absl::StatusOr<Fd> MakeUserNamespace() {
  SYSBOX_ASSIGN_OR_RETURN(Pipe hold, MakePipe());
  SYSBOX_ASSIGN_OR_RETURN(const pid_t pid, ForkInto(CLONE_NEWUSER));
  if (pid == 0) {
    hold.write.Reset();
    char byte;
    (void)!TEMP_FAILURE_RETRY(read(hold.read.get(), &byte, 1));
    _exit(0);
  }
  const ChildGuard child(pid);  // the namespace outlives it in the descriptor
  SYSBOX_RETURN_IF_ERROR(MapIds(pid));
  return OpenNamespace(pid, NamespaceType::kUser);
}

}  // namespace sysbox::testing
