// Docker's resolver of one network namespace, 127.0.0.11, under an address
// that containers inside reach as well: they have namespaces of their own, and
// a loopback address leads nowhere there. Packets to that address are steered
// to sockets of ours (linux/socket_steering.h); each query goes on to
// 127.0.0.11 from a socket in the same namespace, each reply back.
//
// The namespace's root is hostile: nothing is understood here, it is passed
// on; what it can use up of ours is bounded, the oldest given up first.
#ifndef SYSBOX_MGR_DNS_RELAY_H_
#define SYSBOX_MGR_DNS_RELAY_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "sysbox/api/event_loop.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/inet_socket.h"

namespace sysbox::mgr {

// On the namespace's "lo": of the IETF's protocol assignments (RFC 6890),
// nobody's, never forwarded; and no loopback or link-local address, which
// engines and Kubernetes refuse as a name server.
inline constexpr InetEndpoint kDnsAlias = {0xc0000035, 53};  // 192.0.0.53
inline constexpr char kDnsAliasText[] = "192.0.0.53";
inline constexpr InetEndpoint kDockerDns = {0x7f00000b, 53};  // 127.0.0.11

// What makes the alias; outlives a worker in the keeper.
struct DnsSockets {
  Fd udp;
  Fd tcp;
  Fd steering;
};

// The calling thread enters the namespace and stays there.
absl::StatusOr<DnsSockets> MakeDnsSockets(FdRef network_namespace);
// Likewise. OK if the namespace has the address: it was given it before.
absl::Status FindDnsAlias(FdRef network_namespace);

class DnsRelay {
 public:
  // All calls and callbacks on one thread of its own, which is moved between
  // network namespaces and is in `home` in between.
  static absl::StatusOr<std::unique_ptr<DnsRelay>> Start(api::EventLoop* loop,
                                                         Fd network_namespace,
                                                         DnsSockets sockets,
                                                         FdRef home);
  ~DnsRelay();
  DnsRelay(const DnsRelay&) = delete;
  DnsRelay& operator=(const DnsRelay&) = delete;

 private:
  struct Query {
    Fd upstream;
    InetEndpoint client;
    api::EventLoop::Token token = 0;
  };
  // One direction of a TCP connection.
  struct Side {
    Fd socket;
    std::string unsent;  // to this side
    bool ended = false;  // nothing more comes from it
    api::EventLoop::Token token = 0;
  };
  struct Connection {
    Side client, upstream;
  };

  DnsRelay(api::EventLoop* loop, Fd network_namespace, DnsSockets sockets,
           Fd raw, FdRef home);
  absl::Status Watch();
  void OnQueries();
  absl::Status Forward(const InetDatagram& query);
  void OnReply(uint64_t number);
  void Reply(InetEndpoint client, std::string_view reply);
  void DropQuery(uint64_t number);
  void OnConnections();
  absl::Status Connect(Fd client);
  void OnStream(uint64_t number, uint32_t events);
  void DropConnection(uint64_t number);
  absl::StatusOr<Fd> ConnectUpstream(InetKind kind);

  api::EventLoop* loop_;
  Fd namespace_;
  DnsSockets sockets_;
  Fd raw_;
  FdRef home_;
  api::EventLoop::Token udp_token_ = 0, tcp_token_ = 0;
  uint64_t last_number_ = 0;
  std::map<uint64_t, Query> queries_;  // oldest first
  std::map<uint64_t, Connection> connections_;
};

}  // namespace sysbox::mgr

#endif  // SYSBOX_MGR_DNS_RELAY_H_
