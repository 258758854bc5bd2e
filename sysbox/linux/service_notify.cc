#include "sysbox/linux/service_notify.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/socket.h"

namespace sysbox {

namespace {

// More than any service manager takes (sd_notify(3)), and all descriptors that
// one message may carry.
constexpr size_t kMaxNotice = 4096;
constexpr size_t kMaxDescriptors = 253;

struct Address {
  sockaddr_un name = {};
  socklen_t size = 0;
};

absl::StatusOr<Address> AddressOf(const std::string& socket_name) {
  Address address;
  if (socket_name.size() >= sizeof address.name.sun_path) {
    return ErrnoStatus(ENAMETOOLONG, socket_name);
  }
  address.name.sun_family = AF_UNIX;
  memcpy(address.name.sun_path, socket_name.data(), socket_name.size());
  if (socket_name[0] == '@') address.name.sun_path[0] = '\0';
  address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) +
                                        socket_name.size());
  return address;
}

absl::StatusOr<Fd> OpenSocket(int flags) {
  Fd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | flags, 0));
  if (!fd.valid()) return ErrnoStatus(errno, "socket");
  return fd;
}

// Ten datagrams fill a queue (net.unix.max_dgram_qlen), until its reader is
// given a CPU; but one that reads no more must not hold us up for ever.
constexpr timeval kPatience = {.tv_sec = 2, .tv_usec = 0};

absl::StatusOr<Fd> OpenSender() {
  SYSBOX_ASSIGN_OR_RETURN(Fd fd, OpenSocket(0));
  if (setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience,
                 sizeof kPatience) != 0) {
    return ErrnoStatus(errno, "SO_SNDTIMEO");
  }
  return fd;
}

}  // namespace

absl::Status NotifyService(const std::string& socket_name,
                           std::string_view state,
                           absl::Span<const FdRef> fds) {
  if (socket_name.empty()) return absl::OkStatus();
  SYSBOX_ASSIGN_OR_RETURN(const Address address, AddressOf(socket_name));
  SYSBOX_ASSIGN_OR_RETURN(const Fd fd, OpenSender());
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address.name),
              address.size) != 0) {
    return ErrnoStatus(errno, fmt::format("connect {}", socket_name));
  }
  SYSBOX_RETURN_IF_ERROR(SendMessage(fd, state, fds), "notify {}", socket_name);
  return absl::OkStatus();
}

absl::StatusOr<Fd> ListenForNotices(const std::string& path) {
  SYSBOX_ASSIGN_OR_RETURN(const Address address, AddressOf(path));
  SYSBOX_ASSIGN_OR_RETURN(Fd fd, OpenSocket(SOCK_NONBLOCK));
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address.name),
           address.size) != 0) {
    return ErrnoStatus(errno, fmt::format("bind {}", path));
  }
  if (chmod(path.c_str(), 0777) != 0) {
    return ErrnoStatus(errno, fmt::format("chmod {}", path));
  }
  return fd;
}

absl::StatusOr<std::string> ReadNotice(FdRef socket) {
  SYSBOX_ASSIGN_OR_RETURN(ReceivedMessage message,
                          ReceiveMessage(socket, kMaxNotice, kMaxDescriptors),
                          "read notice");
  return std::move(message.data);
}

}  // namespace sysbox
