#include "sysbox/mgr/dns_relay.h"

#include <sys/epoll.h>

#include <cerrno>
#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/linux/socket.h"
#include "sysbox/linux/socket_steering.h"
#include "sysbox/mgr/dns_packet.h"

namespace sysbox::mgr {
namespace {

constexpr size_t kMaxQuery = 4096;
constexpr size_t kMaxReply = size_t{16} << 10;
constexpr size_t kMinMessage = 12;  // a DNS header
constexpr size_t kStreamChunk = size_t{16} << 10;
constexpr size_t kMaxQueries = 64;
constexpr size_t kMaxConnections = 16;
constexpr int kBatch = 32;  // then others have their turn

bool WouldBlock(const absl::Status& status) {
  return ErrnoOf(status) == EAGAIN;
}

// What `from` has to say, into what waits for `to`. False if it is broken.
template <typename Side>
bool Read(Side& from, Side& to) {
  if (from.ended || !to.unsent.empty()) return true;
  auto data = ReadSome(from.socket, kStreamChunk);
  if (!data.ok()) return WouldBlock(data.status());
  from.ended = data->empty();
  to.unsent = *std::move(data);
  return true;
}

template <typename Side>
bool Write(Side& to) {
  if (to.unsent.empty()) return true;
  const auto sent = SendSome(to.socket, to.unsent);
  if (!sent.ok()) return WouldBlock(sent.status());
  to.unsent.erase(0, *sent);
  return true;
}

template <typename Side>
uint32_t Interest(const Side& side, const Side& other) {
  return (side.ended || !other.unsent.empty() ? 0u : uint32_t{EPOLLIN}) |
         (side.unsent.empty() ? 0u : uint32_t{EPOLLOUT});
}

}  // namespace

absl::StatusOr<DnsSockets> MakeDnsSockets(FdRef network_namespace) {
  SYSBOX_RETURN_IF_ERROR(
      EnterNamespace(network_namespace, NamespaceType::kNetwork));
  SYSBOX_RETURN_IF_ERROR(AddLoopbackAddress(kDnsAlias.address));
  const InetEndpoint any_port = {kDnsAlias.address, 0};
  DnsSockets sockets;
  SYSBOX_ASSIGN_OR_RETURN(sockets.udp, BindInet(InetKind::kUdp, any_port));
  SYSBOX_ASSIGN_OR_RETURN(sockets.tcp, BindInet(InetKind::kTcp, any_port));
  SYSBOX_ASSIGN_OR_RETURN(
      sockets.steering,
      SteerToSockets(network_namespace, kDnsAlias, sockets.udp, sockets.tcp));
  return sockets;
}

absl::Status FindDnsAlias(FdRef network_namespace) {
  SYSBOX_RETURN_IF_ERROR(
      EnterNamespace(network_namespace, NamespaceType::kNetwork));
  return BindInet(InetKind::kUdp, {kDnsAlias.address, 0}).status();
}

DnsRelay::DnsRelay(api::EventLoop* loop, Fd network_namespace,
                   DnsSockets sockets, Fd raw, FdRef home)
    : loop_(loop),
      namespace_(std::move(network_namespace)),
      sockets_(std::move(sockets)),
      raw_(std::move(raw)),
      home_(home) {}

absl::StatusOr<std::unique_ptr<DnsRelay>> DnsRelay::Start(api::EventLoop* loop,
                                                          Fd network_namespace,
                                                          DnsSockets sockets,
                                                          FdRef home) {
  SYSBOX_RETURN_IF_ERROR(
      EnterNamespace(network_namespace, NamespaceType::kNetwork));
  auto raw = OpenRawInet();
  // Where the thread idles matters to nobody: it would only keep a dead
  // container's namespace.
  (void)EnterNamespace(home, NamespaceType::kNetwork);
  SYSBOX_RETURN_IF_ERROR(raw);
  std::unique_ptr<DnsRelay> relay(
      new DnsRelay(loop, std::move(network_namespace), std::move(sockets),
                   *std::move(raw), home));
  SYSBOX_RETURN_IF_ERROR(relay->Watch());
  return relay;
}

absl::Status DnsRelay::Watch() {
  SYSBOX_ASSIGN_OR_RETURN(
      udp_token_,
      loop_->Watch(sockets_.udp, EPOLLIN, [this](uint32_t) { OnQueries(); }));
  SYSBOX_ASSIGN_OR_RETURN(tcp_token_,
                          loop_->Watch(sockets_.tcp, EPOLLIN,
                                       [this](uint32_t) { OnConnections(); }));
  return absl::OkStatus();
}

DnsRelay::~DnsRelay() {
  loop_->Unwatch(udp_token_);
  loop_->Unwatch(tcp_token_);
  while (!queries_.empty()) DropQuery(queries_.begin()->first);
  while (!connections_.empty()) DropConnection(connections_.begin()->first);
}

absl::StatusOr<Fd> DnsRelay::ConnectUpstream(InetKind kind) {
  SYSBOX_RETURN_IF_ERROR(EnterNamespace(namespace_, NamespaceType::kNetwork));
  auto socket = ConnectInet(kind, kDockerDns);
  (void)EnterNamespace(home_, NamespaceType::kNetwork);  // as in Start
  return socket;
}

void DnsRelay::OnQueries() {
  for (int i = 0; i < kBatch; ++i) {
    const auto query = ReceiveDatagram(sockets_.udp, kMaxQuery);
    if (!query.ok()) return;
    if (query->data.size() < kMinMessage) continue;
    (void)Forward(*query);  // lost, as datagrams are: who asked asks again
  }
}

// A socket for each: a new port for each, and no connection that is tracked to
// where Docker's resolver was before a restart.
absl::Status DnsRelay::Forward(const InetDatagram& query) {
  while (queries_.size() >= kMaxQueries) DropQuery(queries_.begin()->first);
  SYSBOX_ASSIGN_OR_RETURN(Fd upstream, ConnectUpstream(InetKind::kUdp));
  SYSBOX_RETURN_IF_ERROR(SendSome(upstream, query.data).status());
  const uint64_t number = ++last_number_;
  SYSBOX_ASSIGN_OR_RETURN(
      const api::EventLoop::Token token,
      loop_->Watch(upstream, EPOLLIN,
                   [this, number](uint32_t) { OnReply(number); }));
  queries_.emplace(number, Query{std::move(upstream), query.from, token});
  return absl::OkStatus();
}

void DnsRelay::OnReply(uint64_t number) {
  const auto found = queries_.find(number);
  if (found == queries_.end()) return;
  const auto reply = ReceiveDatagram(found->second.upstream, kMaxReply);
  if (WouldBlock(reply.status())) return;
  const InetEndpoint client = found->second.client;
  DropQuery(number);
  if (reply.ok()) Reply(client, reply->data);
}

void DnsRelay::Reply(InetEndpoint client, std::string_view reply) {
  const absl::Status sent = SendRawInet(
      raw_, MakeUdpPacket(kDnsAlias, client, reply), client.address);
  if (ErrnoOf(sent) != EMSGSIZE) return;
  const std::string cut = MakeTruncated(reply);
  if (cut.empty()) return;
  (void)SendRawInet(raw_, MakeUdpPacket(kDnsAlias, client, cut),
                    client.address);  // lost, as datagrams are
}

void DnsRelay::DropQuery(uint64_t number) {
  const auto node = queries_.extract(number);
  if (!node.empty()) loop_->Unwatch(node.mapped().token);
}

void DnsRelay::OnConnections() {
  for (int i = 0; i < kBatch; ++i) {
    auto client = Accept(sockets_.tcp);
    if (!client.ok()) return;
    (void)Connect(*std::move(client));  // closed: who asked asks again
  }
}

absl::Status DnsRelay::Connect(Fd client) {
  while (connections_.size() >= kMaxConnections) {
    DropConnection(connections_.begin()->first);
  }
  SYSBOX_RETURN_IF_ERROR(SetNonBlocking(client, true));
  SYSBOX_ASSIGN_OR_RETURN(Fd upstream, ConnectUpstream(InetKind::kTcp));
  const uint64_t number = ++last_number_;
  Connection& connection = connections_[number];
  connection.client.socket = std::move(client);
  connection.upstream.socket = std::move(upstream);
  for (Side* side : {&connection.client, &connection.upstream}) {
    auto token = loop_->Watch(
        side->socket, EPOLLIN,
        [this, number](uint32_t events) { OnStream(number, events); });
    if (!token.ok()) {
      DropConnection(number);
      return token.status();
    }
    side->token = *token;
  }
  return absl::OkStatus();
}

// Who has asked may close his side and still wait for the answer; when the
// resolver has closed its own, all is said.
void DnsRelay::OnStream(uint64_t number, uint32_t events) {
  const auto found = connections_.find(number);
  if (found == connections_.end()) return;
  Side& client = found->second.client;
  Side& upstream = found->second.upstream;
  const bool moved = Read(client, upstream) && Write(upstream) &&
                     Read(upstream, client) && Write(client);
  const bool done = upstream.ended && client.unsent.empty();
  // A hang-up is reported for as long as it is watched.
  const bool hung_up = (events & (EPOLLERR | EPOLLHUP)) != 0 &&
                       client.unsent.empty() && upstream.unsent.empty();
  if (!moved || done || hung_up ||
      !loop_->Change(client.token, Interest(client, upstream)).ok() ||
      !loop_->Change(upstream.token, Interest(upstream, client)).ok()) {
    DropConnection(number);
  }
}

void DnsRelay::DropConnection(uint64_t number) {
  const auto node = connections_.extract(number);
  if (node.empty()) return;
  loop_->Unwatch(node.mapped().client.token);
  loop_->Unwatch(node.mapped().upstream.token);
}

}  // namespace sysbox::mgr
