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

absl::Status AwaitReady(const Fd& socket, const Pidfd& daemon,
                        const std::string& log) {
  pollfd waited[] = {{.fd = socket.get(), .events = POLLIN, .revents = 0},
                     {.fd = daemon.fd().get(), .events = POLLIN, .revents = 0}};
  poll(waited, 2, kReadyLimitMs);
  if (waited[0].revents != 0) return absl::OkStatus();
  const std::string text = ReadFile(log).value_or("");
  return Internal("sysbox daemon {}: {}",
                  waited[1].revents != 0 ? "has ended" : "is not ready",
                  text.substr(0, 400));
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

absl::StatusOr<double> SysboxDaemon::CpuTimeMs() const {
  return bench::CpuTimeMs(pid_);
}

absl::StatusOr<double> SysboxDaemon::ResidentMiB() const {
  constexpr std::string_view kField = "VmRSS:";
  SYSBOX_ASSIGN_OR_RETURN(std::string status,
                          ReadFile(fmt::format("/proc/{}/status", pid_)));
  const size_t place = status.find(kField);
  if (place == std::string::npos) return NotFound("{}", kField);
  return static_cast<double>(
             strtoul(status.c_str() + place + kField.size(), nullptr, 10)) /
         1024;
}

absl::Status SysboxDaemon::Stop() {
  if (kill(pid_, SIGTERM) != 0) return ErrnoStatus(errno, "kill daemon");
  return Reap(pid_);
}

}  // namespace sysbox::bench
