#include "sysbox/linux/service_notify.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/socket.h"

namespace sysbox {

absl::Status NotifyService(const std::string& socket_name,
                           std::string_view state,
                           absl::Span<const FdRef> fds) {
  if (socket_name.empty()) return absl::OkStatus();
  sockaddr_un address = {};
  if (socket_name.size() >= sizeof address.sun_path) {
    return ErrnoStatus(ENAMETOOLONG, socket_name);
  }
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, socket_name.data(), socket_name.size());
  if (socket_name[0] == '@') address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) +
                                           socket_name.size());
  const Fd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return ErrnoStatus(errno, "socket");
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) !=
      0) {
    return ErrnoStatus(errno, fmt::format("connect {}", socket_name));
  }
  SYSBOX_RETURN_IF_ERROR(SendMessage(fd, state, fds), "notify {}", socket_name);
  return absl::OkStatus();
}

}  // namespace sysbox
