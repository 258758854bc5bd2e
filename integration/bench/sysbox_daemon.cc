#include "integration/bench/sysbox_daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "absl/strings/str_split.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/process.h"

namespace sysbox::bench {
namespace {

constexpr int kReadyLimitMs = 10000;

absl::StatusOr<Fd> BindNotifySocket(const std::string& path) {
  Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return InvalidArgument("{}: too long for a socket", path);
  }
  memcpy(address.sun_path, path.data(), path.size());
  if (bind(socket.get(), reinterpret_cast<sockaddr*>(&address),
           sizeof(address)) != 0) {
    return ErrnoStatus(errno, fmt::format("bind {}", path));
  }
  return socket;
}

// What else it says first (FDSTORE=1) is not for us.
absl::Status AwaitReady(const Fd& socket, const Pidfd& daemon,
                        const std::string& log) {
  for (;;) {
    pollfd waited[] = {
        {.fd = socket.get(), .events = POLLIN, .revents = 0},
        {.fd = daemon.fd().get(), .events = POLLIN, .revents = 0}};
    poll(waited, 2, kReadyLimitMs);
    if (waited[0].revents == 0) {
      const std::string text = ReadFile(log).value_or("");
      return Internal("sysbox daemon {}: {}",
                      waited[1].revents != 0 ? "has ended" : "is not ready",
                      text.substr(0, 400));
    }
    char message[256] = {};
    (void)recv(socket.get(), message, sizeof message - 1, 0);
    if (strstr(message, "READY=1") != nullptr) return absl::OkStatus();
  }
}

}  // namespace

absl::StatusOr<SysboxDaemon> SysboxDaemon::Start(const std::string& program,
                                                 const std::string& directory,
                                                 const Streams& streams) {
  SYSBOX_RETURN_IF_ERROR(MakeDirectories(directory, 0710));
  const std::string notify = directory + "/notify";
  const std::string log = directory + "/log";
  SYSBOX_ASSIGN_OR_RETURN(Fd socket, BindNotifySocket(notify));
  SYSBOX_ASSIGN_OR_RETURN(
      Fd log_fd,
      Open(log, {.flags = O_WRONLY | O_CREAT | O_APPEND, .mode = 0600}));
  const CommandLine command = {
      program, {"sysbox", "daemon", "--data-root", directory + "/data"}};
  SysboxDaemon daemon;
  SYSBOX_ASSIGN_OR_RETURN(daemon.pid_,
                          Spawn(command, {streams.null, log_fd, log_fd},
                                {fmt::format("NOTIFY_SOCKET={}", notify)}));
  SYSBOX_ASSIGN_OR_RETURN(Pidfd pidfd, OpenPidfd(daemon.pid_));
  SYSBOX_RETURN_IF_ERROR(AwaitReady(socket, pidfd, log));
  return daemon;
}

// The keeper and its worker.
absl::StatusOr<std::vector<pid_t>> SysboxDaemon::Processes() const {
  SYSBOX_ASSIGN_OR_RETURN(
      const std::string children,
      ReadFile(fmt::format("/proc/{0}/task/{0}/children", pid_)));
  std::vector<pid_t> pids = {pid_};
  for (absl::string_view word :
       absl::StrSplit(children, ' ', absl::SkipWhitespace())) {
    pids.push_back(atoi(std::string(word).c_str()));
  }
  return pids;
}

absl::StatusOr<double> SysboxDaemon::CpuTimeMs() const {
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<pid_t> pids, Processes());
  double sum = 0;
  for (pid_t pid : pids) {
    SYSBOX_ASSIGN_OR_RETURN(const double used, bench::CpuTimeMs(pid));
    sum += used;
  }
  return sum;
}

// Pages of both are counted once: one is a fork of the other.
absl::StatusOr<double> SysboxDaemon::ResidentMiB() const {
  constexpr std::string_view kField = "\nPss:";
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<pid_t> pids, Processes());
  double kib = 0;
  for (pid_t pid : pids) {
    SYSBOX_ASSIGN_OR_RETURN(
        const std::string text,
        ReadFile(fmt::format("/proc/{}/smaps_rollup", pid)));
    const size_t place = text.find(kField);
    if (place == std::string::npos) return NotFound("{}", kField);
    kib += static_cast<double>(
        strtoul(text.c_str() + place + kField.size(), nullptr, 10));
  }
  return kib / 1024;
}

absl::Status SysboxDaemon::Stop() {
  if (kill(pid_, SIGTERM) != 0) return ErrnoStatus(errno, "kill daemon");
  return Reap(pid_);
}

}  // namespace sysbox::bench
