#include "sysbox/linux/inet_socket.h"

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "sysbox/base/status.h"

namespace sysbox {
namespace {

constexpr int kBacklog = 16;
constexpr uint32_t kLoopbackIndex = 1;  // of "lo", in every namespace

sockaddr_in ToSockaddr(InetEndpoint endpoint) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(endpoint.port);
  address.sin_addr.s_addr = htonl(endpoint.address);
  return address;
}

absl::StatusOr<Fd> MakeSocket(int type, int protocol) {
  Fd socket(::socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  if (socket.valid()) return socket;
  return ErrnoStatus(errno, "socket AF_INET");
}

int TypeOf(InetKind kind) {
  return kind == InetKind::kUdp ? SOCK_DGRAM : SOCK_STREAM;
}

// RTM_NEWADDR and its two attributes.
struct AddressRequest {
  nlmsghdr header = {};
  ifaddrmsg message = {};
  struct Attribute {
    rtattr header = {};
    uint32_t address = 0;
  } local, address;
};

AddressRequest MakeAddressRequest(uint32_t address) {
  AddressRequest request;
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = RTM_NEWADDR;
  request.header.nlmsg_flags =
      NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
  request.message.ifa_family = AF_INET;
  request.message.ifa_prefixlen = 32;
  request.message.ifa_scope = RT_SCOPE_HOST;
  request.message.ifa_index = kLoopbackIndex;
  const auto attribute = [&](uint16_t type) {
    return AddressRequest::Attribute{
        {.rta_len = sizeof(AddressRequest::Attribute), .rta_type = type},
        htonl(address)};
  };
  request.local = attribute(IFA_LOCAL);
  request.address = attribute(IFA_ADDRESS);
  return request;
}

}  // namespace

absl::StatusOr<Fd> BindInet(InetKind kind, InetEndpoint local) {
  SYSBOX_ASSIGN_OR_RETURN(Fd socket, MakeSocket(TypeOf(kind), 0));
  const sockaddr_in address = ToSockaddr(local);
  if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&address),
           sizeof address) != 0) {
    return ErrnoStatus(errno, "bind AF_INET");
  }
  if (kind == InetKind::kTcp && listen(socket.get(), kBacklog) != 0) {
    return ErrnoStatus(errno, "listen AF_INET");
  }
  return socket;
}

absl::StatusOr<Fd> ConnectInet(InetKind kind, InetEndpoint remote) {
  SYSBOX_ASSIGN_OR_RETURN(Fd socket, MakeSocket(TypeOf(kind), 0));
  const sockaddr_in address = ToSockaddr(remote);
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address),
              sizeof address) != 0 &&
      errno != EINPROGRESS) {
    return ErrnoStatus(errno, "connect AF_INET");
  }
  return socket;
}

absl::StatusOr<InetDatagram> ReceiveDatagram(FdRef socket, size_t max_size) {
  InetDatagram datagram;
  datagram.data.resize(max_size);
  sockaddr_in from = {};
  socklen_t size = sizeof from;
  ssize_t received;
  do {
    received = recvfrom(socket.get(), datagram.data.data(), max_size, 0,
                        reinterpret_cast<sockaddr*>(&from), &size);
  } while (received < 0 && errno == EINTR);
  if (received < 0) return ErrnoStatus(errno, "recvfrom");
  datagram.data.resize(static_cast<size_t>(received));
  datagram.from = {ntohl(from.sin_addr.s_addr), ntohs(from.sin_port)};
  return datagram;
}

absl::StatusOr<size_t> SendSome(FdRef socket, std::string_view data) {
  ssize_t sent;
  do {
    sent = send(socket.get(), data.data(), data.size(), MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent >= 0) return static_cast<size_t>(sent);
  return ErrnoStatus(errno, "send");
}

absl::StatusOr<Fd> OpenRawInet() {
  // IPPROTO_RAW implies IP_HDRINCL, and receives nothing.
  return MakeSocket(SOCK_RAW, IPPROTO_RAW);
}

absl::Status SendRawInet(FdRef socket, std::string_view packet,
                         uint32_t destination) {
  const sockaddr_in address = ToSockaddr({destination, 0});
  const ssize_t sent =
      sendto(socket.get(), packet.data(), packet.size(), MSG_NOSIGNAL,
             reinterpret_cast<const sockaddr*>(&address), sizeof address);
  if (sent >= 0) return absl::OkStatus();
  return ErrnoStatus(errno, "sendto raw socket");
}

absl::Status AddLoopbackAddress(uint32_t address) {
  const Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!socket.valid()) return ErrnoStatus(errno, "socket AF_NETLINK");
  const AddressRequest request = MakeAddressRequest(address);
  if (send(socket.get(), &request, sizeof request, 0) < 0) {
    return ErrnoStatus(errno, "send RTM_NEWADDR");
  }
  struct {
    nlmsghdr header;
    nlmsgerr error;
    char rest[512];
  } reply = {};
  if (recv(socket.get(), &reply, sizeof reply, 0) < 0) {
    return ErrnoStatus(errno, "receive the answer to RTM_NEWADDR");
  }
  const int error =
      reply.header.nlmsg_type == NLMSG_ERROR ? -reply.error.error : EPROTO;
  if (error == 0 || error == EEXIST) return absl::OkStatus();
  return ErrnoStatus(error, "add an address to lo");
}

}  // namespace sysbox
