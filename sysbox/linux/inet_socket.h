// IPv4 sockets: ip(7), udp(7), tcp(7), raw(7). All are non-blocking and made
// in the calling thread's network namespace.
#ifndef SYSBOX_LINUX_INET_SOCKET_H_
#define SYSBOX_LINUX_INET_SOCKET_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"

namespace sysbox {

// In host byte order.
struct InetEndpoint {
  uint32_t address = 0;
  uint16_t port = 0;
  friend bool operator==(const InetEndpoint&, const InetEndpoint&) = default;
};

enum class InetKind { kUdp, kTcp };

// Bound (port 0: any free one); a TCP socket also listens.
absl::StatusOr<Fd> BindInet(InetKind kind, InetEndpoint local);
// A TCP connection may still be on its way: writable, or an error, when done.
absl::StatusOr<Fd> ConnectInet(InetKind kind, InetEndpoint remote);

struct InetDatagram {
  std::string data;
  InetEndpoint from;
};
// One datagram of at most `max_size` bytes, longer ones cut. EAGAIN surfaces,
// as do errors that ICMP brought.
absl::StatusOr<InetDatagram> ReceiveDatagram(FdRef socket, size_t max_size);

// One send(2), never SIGPIPE: how many bytes it took. EAGAIN surfaces, also of
// a connection that is still on its way.
absl::StatusOr<size_t> SendSome(FdRef socket, std::string_view data);

// A socket that sends IPv4 packets as they are given (IP_HDRINCL), and
// receives none.
absl::StatusOr<Fd> OpenRawInet();
// EMSGSIZE if it is longer than the way's MTU.
absl::Status SendRawInet(FdRef socket, std::string_view packet,
                         uint32_t destination);

// Adds ADDRESS/32 to "lo" of the thread's network namespace, scope host
// (rtnetlink(7)). Fine if it is there.
absl::Status AddLoopbackAddress(uint32_t address);

}  // namespace sysbox

#endif  // SYSBOX_LINUX_INET_SOCKET_H_
