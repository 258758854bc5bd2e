#include "sysbox/runtime/notify_socket.h"

#include <sys/epoll.h>

#include <cerrno>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/service_notify.h"

namespace sysbox::runtime {
namespace {

constexpr std::string_view kReady = "READY=1";

std::string DirectoryOf(const StateDir& dir) { return dir.path() + "/notify"; }

bool SaysReady(const std::string& notice) {
  for (const auto line : absl::StrSplit(notice, '\n')) {
    if (line == "READY=1") return true;
  }
  return false;
}

}  // namespace

absl::Status AddNotifySocket(StateDir& dir, oci::Spec& spec) {
  SYSBOX_RETURN_IF_ERROR(MakeDirectory(DirectoryOf(dir), 0755));
  const std::string_view inside = kNotifySocket;
  oci::Mount mount;
  mount.destination = std::string(inside.substr(0, inside.rfind('/')));
  mount.type = "bind";
  mount.source = DirectoryOf(dir);
  mount.options = {"bind", "nosuid", "noexec", "nodev", "ro"};
  spec.mounts.push_back(std::move(mount));
  spec.process->env.push_back(fmt::format("NOTIFY_SOCKET={}", inside));
  return absl::OkStatus();
}

absl::StatusOr<NotifyRelay> NotifyRelay::Listen(const StateDir& dir,
                                                std::string service) {
  if (service.empty() || !Exists(DirectoryOf(dir))) return NotifyRelay();
  SYSBOX_ASSIGN_OR_RETURN(Fd socket,
                          ListenForNotices(DirectoryOf(dir) + "/notify.sock"));
  return NotifyRelay(std::move(socket), std::move(service));
}

absl::StatusOr<bool> NotifyRelay::PassOn(pid_t main) {
  for (;;) {
    const absl::StatusOr<std::string> notice = ReadNotice(socket_);
    if (!notice.ok()) {
      if (ErrnoOf(notice.status()) == EAGAIN) return false;
      // Larger than any notice is.
      if (absl::IsInvalidArgument(notice.status())) continue;
      return notice.status();
    }
    if (!SaysReady(*notice)) continue;
    std::string state(kReady);
    if (main != 0) state += fmt::format("\nMAINPID={}", main);
    SYSBOX_RETURN_IF_ERROR(NotifyService(service_, state), "NOTIFY_SOCKET");
    return true;
  }
}

absl::Status NotifyRelay::Await(const Pidfd& init) {
  enum Key : uint64_t { kInit, kNotice };
  SYSBOX_ASSIGN_OR_RETURN(Epoll epoll, Epoll::Create());
  SYSBOX_RETURN_IF_ERROR(epoll.Add(init.fd(), EPOLLIN, kInit));
  SYSBOX_RETURN_IF_ERROR(epoll.Add(socket_, EPOLLIN, kNotice));
  for (bool ended = false; !ended;) {
    SYSBOX_ASSIGN_OR_RETURN(const std::vector<ReadyEvent> ready,
                            epoll.Wait(-1));
    for (const ReadyEvent& event : ready) ended |= event.key == kInit;
    SYSBOX_ASSIGN_OR_RETURN(const bool told, PassOn(init.pid()));
    if (told) break;
  }
  return absl::OkStatus();
}

}  // namespace sysbox::runtime
