#include "sysbox/linux/socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"

namespace sysbox {
namespace {

constexpr size_t kMaxFds = 253;  // SCM_MAX_FD of the kernel

int SocketType(SocketKind kind) {
  return kind == SocketKind::kStream ? SOCK_STREAM : SOCK_SEQPACKET;
}

absl::StatusOr<Fd> MakeSocket(SocketKind kind) {
  Fd fd(socket(AF_UNIX, SocketType(kind) | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return ErrnoStatus(errno, "socket");
  return fd;
}

bool Fits(std::string_view path) {
  return path.size() < sizeof(sockaddr_un::sun_path);
}

// An address that binds or connects to `path`, and what keeps it valid.
struct Address {
  sockaddr_un name = {};
  Fd anchor;

  const sockaddr* get() const {
    return reinterpret_cast<const sockaddr*>(&name);
  }
};

absl::Status SetPath(std::string_view path, Address* address) {
  if (path.empty() || path.find('\0') != std::string_view::npos) {
    return InvalidArgument("socket path \"{}\": empty or with a NUL", path);
  }
  if (!Fits(path)) return ErrnoStatus(ENAMETOOLONG, path);
  address->name.sun_family = AF_UNIX;
  memcpy(address->name.sun_path, path.data(), path.size());
  return absl::OkStatus();
}

absl::StatusOr<Address> AddressToConnect(const std::string& path) {
  Address address;
  if (Fits(path)) {
    SYSBOX_RETURN_IF_ERROR(SetPath(path, &address));
    return address;
  }
  SYSBOX_ASSIGN_OR_RETURN(address.anchor, Open(path, {.flags = O_PATH}));
  SYSBOX_RETURN_IF_ERROR(SetPath(ProcPath(address.anchor), &address));
  return address;
}

absl::StatusOr<Address> AddressToBind(const std::string& path) {
  Address address;
  if (Fits(path)) {
    SYSBOX_RETURN_IF_ERROR(SetPath(path, &address));
    return address;
  }
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ErrnoStatus(ENAMETOOLONG, path);
  SYSBOX_ASSIGN_OR_RETURN(
      address.anchor,
      Open(path.substr(0, slash + 1), {.flags = O_PATH | O_DIRECTORY}));
  SYSBOX_RETURN_IF_ERROR(
      SetPath(ProcPath(address.anchor) + path.substr(slash), &address));
  return address;
}

// Removes a socket file that nobody serves any more.
absl::Status RemoveStale(SocketKind kind, const std::string& path) {
  SYSBOX_ASSIGN_OR_RETURN(struct stat file,
                          StatAt(FdRef::Cwd(), path, AT_SYMLINK_NOFOLLOW));
  // connect(2) says ECONNREFUSED of other kinds of file as well.
  if (!S_ISSOCK(file.st_mode)) {
    return ErrnoStatus(EADDRINUSE, fmt::format("bind {}: no socket", path));
  }
  SYSBOX_ASSIGN_OR_RETURN(Address address, AddressToConnect(path));
  SYSBOX_ASSIGN_OR_RETURN(Fd probe, MakeSocket(kind));
  // A busy server's full queue (EAGAIN) must not keep us waiting.
  SYSBOX_RETURN_IF_ERROR(SetNonBlocking(probe, true));
  if (connect(probe.get(), address.get(), sizeof address.name) != 0 &&
      errno == ECONNREFUSED) {
    return Unlink(path);
  }
  return ErrnoStatus(EADDRINUSE, fmt::format("bind {}", path));
}

// sendmsg(2) of what is left; waits when a non-blocking stream is full midway.
absl::Status SendRest(FdRef socket, std::string_view data) {
  while (!data.empty()) {
    const ssize_t sent =
        send(socket.get(), data.data(), data.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      data.remove_prefix(static_cast<size_t>(sent));
    } else if (errno == EAGAIN) {
      pollfd entry = {.fd = socket.get(), .events = POLLOUT, .revents = 0};
      if (TEMP_FAILURE_RETRY(poll(&entry, 1, -1)) < 0) {
        return ErrnoStatus(errno, "poll");
      }
    } else if (errno != EINTR) {
      return ErrnoStatus(errno, "send");
    }
  }
  return absl::OkStatus();
}

// Takes ownership of every descriptor that `message` carried.
std::vector<Fd> TakeFds(msghdr* message) {
  std::vector<Fd> fds;
  for (cmsghdr* header = CMSG_FIRSTHDR(message); header != nullptr;
       header = CMSG_NXTHDR(message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) {
      continue;
    }
    const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd;
      memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
      fds.emplace_back(fd);
    }
  }
  return fds;
}

// Room for the control message of `kMaxFds` descriptors.
struct ControlBuffer {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMaxFds * sizeof(int))> bytes;
};

}  // namespace

absl::StatusOr<std::pair<Fd, Fd>> SocketPair(SocketKind kind) {
  int ends[2];
  if (socketpair(AF_UNIX, SocketType(kind) | SOCK_CLOEXEC, 0, ends) != 0) {
    return ErrnoStatus(errno, "socketpair");
  }
  return std::pair(Fd(ends[0]), Fd(ends[1]));
}

absl::StatusOr<Fd> ListenUnix(SocketKind kind, const std::string& path,
                              mode_t mode) {
  SYSBOX_ASSIGN_OR_RETURN(Address address, AddressToBind(path));
  SYSBOX_ASSIGN_OR_RETURN(Fd fd, MakeSocket(kind));
  // The file is made with this mode less the umask: never with more than
  // `mode`, and exactly so after the second call.
  if (fchmod(fd.get(), mode) != 0) return ErrnoStatus(errno, "fchmod");
  int result = bind(fd.get(), address.get(), sizeof address.name);
  if (result != 0 && errno == EADDRINUSE) {
    SYSBOX_RETURN_IF_ERROR(RemoveStale(kind, path));
    result = bind(fd.get(), address.get(), sizeof address.name);
  }
  if (result != 0) {
    const int error = errno;
    return ErrnoStatus(error, fmt::format("bind {}", path));
  }
  absl::Cleanup undo = [&] { Unlink(path).IgnoreError(); };
  SYSBOX_RETURN_IF_ERROR(ChangeModeAt(FdRef::Cwd(), path, mode));
  if (listen(fd.get(), SOMAXCONN) != 0) {
    const int error = errno;
    return ErrnoStatus(error, fmt::format("listen {}", path));
  }
  std::move(undo).Cancel();
  return fd;
}

absl::StatusOr<Fd> ConnectUnix(SocketKind kind, const std::string& path) {
  SYSBOX_ASSIGN_OR_RETURN(Address address, AddressToConnect(path));
  SYSBOX_ASSIGN_OR_RETURN(Fd fd, MakeSocket(kind));
  if (TEMP_FAILURE_RETRY(
          connect(fd.get(), address.get(), sizeof address.name)) != 0) {
    const int error = errno;
    return ErrnoStatus(error, fmt::format("connect {}", path));
  }
  return fd;
}

absl::StatusOr<Fd> Accept(FdRef listener) {
  Fd fd(TEMP_FAILURE_RETRY(
      accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)));
  if (!fd.valid()) return ErrnoStatus(errno, "accept4");
  return fd;
}

absl::StatusOr<PeerCredentials> CredentialsOf(FdRef socket) {
  ucred peer = {};
  socklen_t size = sizeof peer;
  if (getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return ErrnoStatus(errno, "getsockopt SO_PEERCRED");
  }
  return PeerCredentials{peer.pid, peer.uid, peer.gid};
}

absl::Status SendMessage(FdRef socket, std::string_view data,
                         absl::Span<const FdRef> fds) {
  if (data.empty()) return InvalidArgument("send message: empty");
  if (fds.size() > kMaxFds) {
    return InvalidArgument("send message: {} descriptors", fds.size());
  }
  iovec buffer = {const_cast<char*>(data.data()), data.size()};
  msghdr message = {};
  message.msg_iov = &buffer;
  message.msg_iovlen = 1;
  ControlBuffer control;
  if (!fds.empty()) {
    const size_t size = fds.size() * sizeof(int);
    message.msg_control = control.bytes.data();
    message.msg_controllen = CMSG_SPACE(size);
    memset(control.bytes.data(), 0, message.msg_controllen);
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(size);
    for (size_t i = 0; i < fds.size(); ++i) {
      const int fd = fds[i].get();
      memcpy(CMSG_DATA(header) + i * sizeof fd, &fd, sizeof fd);
    }
  }
  const ssize_t sent =
      TEMP_FAILURE_RETRY(sendmsg(socket.get(), &message, MSG_NOSIGNAL));
  if (sent < 0) return ErrnoStatus(errno, "sendmsg");
  // Only a stream takes less than all of it.
  return SendRest(socket, data.substr(static_cast<size_t>(sent)));
}

absl::StatusOr<ReceivedMessage> ReceiveMessage(FdRef socket, size_t max_size,
                                               size_t max_fds) {
  if (max_size == 0 || max_fds > kMaxFds) {
    return InvalidArgument("receive message: {} bytes, {} descriptors",
                           max_size, max_fds);
  }
  auto bytes = std::make_unique_for_overwrite<char[]>(max_size);
  ControlBuffer control;
  iovec buffer = {bytes.get(), max_size};
  msghdr message = {};
  message.msg_iov = &buffer;
  message.msg_iovlen = 1;
  if (max_fds > 0) {
    message.msg_control = control.bytes.data();
    // Not CMSG_SPACE: its padding could take one descriptor more.
    message.msg_controllen = CMSG_LEN(max_fds * sizeof(int));
  }
  const ssize_t size =
      TEMP_FAILURE_RETRY(recvmsg(socket.get(), &message, MSG_CMSG_CLOEXEC));
  if (size < 0) return ErrnoStatus(errno, "recvmsg");
  ReceivedMessage received;
  received.fds = TakeFds(&message);
  if ((message.msg_flags & MSG_TRUNC) != 0) {
    return InvalidArgument("received message: over {} bytes", max_size);
  }
  if ((message.msg_flags & MSG_CTRUNC) != 0) {
    return InvalidArgument("received message: over {} descriptors", max_fds);
  }
  received.data.assign(bytes.get(), static_cast<size_t>(size));
  received.end_of_file = size == 0;
  return received;
}

}  // namespace sysbox
