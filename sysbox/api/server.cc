#include "sysbox/api/server.h"

#include <sys/epoll.h>

#include <cerrno>
#include <optional>

#include "sysbox/base/status.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/socket.h"

namespace sysbox::api {
namespace {

// What one connection may take of the loop before the others get their turn.
constexpr int kFramesPerTurn = 16;

bool WouldBlock(const absl::Status& status) {
  return ErrnoOf(status) == EAGAIN;
}

bool PeerIsGone(const absl::Status& status) {
  return ErrnoOf(status) == EPIPE || ErrnoOf(status) == ECONNRESET;
}

bool IsRequest(const MessageInfo& info) {
  return info.reply != MessageId::kError;
}

absl::Status CheckFrame(const wire::Frame& frame, const MessageInfo& info) {
  if (!IsRequest(info)) {
    return InvalidArgument("message \"{}\" is no request", info.name);
  }
  if (frame.fds.size() < info.min_fds || frame.fds.size() > info.max_fds) {
    return InvalidArgument("message \"{}\" with {} descriptors", info.name,
                           frame.fds.size());
  }
  return absl::OkStatus();
}

}  // namespace

struct Server::Client {
  Peer peer;
  wire::Connection connection;
  EventLoop::Token token = 0;
  bool greeted = false;
  // The reply that did not fit the socket. While there is one, no request is
  // read: at most one waits.
  struct Unsent {
    MessageId message;
    uint32_t request_id;
    Reply reply;
  };
  std::optional<Unsent> unsent;
};

absl::StatusOr<std::unique_ptr<Server>> Server::Create(EventLoop* loop,
                                                       Fd listener,
                                                       Options options) {
  SYSBOX_RETURN_IF_ERROR(SetNonBlocking(listener, true));
  SYSBOX_ASSIGN_OR_RETURN(Fd spare, MakeEventFd());
  std::unique_ptr<Server> server(new Server(
      loop, std::move(listener), std::move(spare), std::move(options)));
  Server* self = server.get();
  SYSBOX_ASSIGN_OR_RETURN(server->listener_token_,
                          loop->Watch(server->listener_, EPOLLIN,
                                      [self](uint32_t) { self->AcceptAll(); }));
  return server;
}

Server::Server(EventLoop* loop, Fd listener, Fd spare, Options options)
    : loop_(loop),
      listener_(std::move(listener)),
      spare_(std::move(spare)),
      options_(std::move(options)) {}

Server::~Server() {
  loop_->Unwatch(listener_token_);
  for (const auto& [connection, client] : clients_) {
    loop_->Unwatch(client->token);
  }
}

void Server::AcceptAll() {
  for (;;) {
    absl::StatusOr<Fd> socket = Accept(listener_);
    if (socket.ok()) {
      Admit(*std::move(socket));
      continue;
    }
    const int error = ErrnoOf(socket.status());
    if (error == ECONNABORTED) continue;
    if (error == EMFILE || error == ENFILE) TurnAwayForLackOfFds();
    return;
  }
}

// Else the pending connection would keep the listener ready, and the loop
// spinning, until somebody else hangs up.
void Server::TurnAwayForLackOfFds() {
  spare_.Reset();
  (void)Accept(listener_);  // closed at once: the peer sees the end
  if (absl::StatusOr<Fd> spare = MakeEventFd(); spare.ok()) {
    spare_ = *std::move(spare);
  }
}

void Server::Admit(Fd socket) {
  absl::StatusOr<PeerCredentials> credentials = CredentialsOf(socket);
  if (!credentials.ok() || !SetNonBlocking(socket, true).ok()) return;
  auto client = std::make_unique<Client>();
  const uint64_t connection = ++last_connection_;
  client->peer = {connection, credentials->pid};
  client->connection = wire::Connection(std::move(socket));
  if (credentials->uid != options_.allowed_uid) {
    (void)Refuse(client.get(), 0,
                 absl::PermissionDeniedError(fmt::format(
                     "user {} may not use this socket", credentials->uid)));
    return;
  }
  absl::StatusOr<EventLoop::Token> token = loop_->Watch(
      client->connection.fd(), EPOLLIN,
      [this, connection](uint32_t events) { OnReady(connection, events); });
  if (!token.ok()) return;
  client->token = *token;
  clients_[connection] = std::move(client);
}

void Server::OnReady(uint64_t connection, uint32_t events) {
  Client* client = clients_.at(connection).get();
  bool alive = true;
  if (client->unsent) {
    // A hang-up: whoever does not wait for his replies has no use for more.
    alive = (events & (EPOLLHUP | EPOLLERR)) == 0 && FlushUnsent(client);
  } else {
    alive = ReadFrames(client);
  }
  if (!alive) Close(connection);
}

// These return false when the connection is to be closed.

bool Server::ReadFrames(Client* client) {
  for (int i = 0; i < kFramesPerTurn && !client->unsent; ++i) {
    auto frame = client->connection.Receive();
    // Said once, before what the peer sent last; that may be an "activate".
    if (PeerIsGone(frame.status())) continue;
    if (!frame.ok()) {
      if (WouldBlock(frame.status())) return true;
      if (ErrnoOf(frame.status()) != 0) return false;  // the socket's end
      return Refuse(client, 0, frame.status());
    }
    if (!frame->has_value()) return false;
    if (!Dispatch(client, **std::move(frame))) return false;
  }
  return true;
}

bool Server::Dispatch(Client* client, wire::Frame frame) {
  const MessageInfo* info = FindMessage(frame.message);
  if (info == nullptr) {
    return SendError(client, frame.request_id,
                     absl::UnimplementedError(
                         fmt::format("unknown message {}", frame.message)));
  }
  if (absl::Status status = CheckFrame(frame, *info); !status.ok()) {
    return Refuse(client, frame.request_id, status);
  }
  if (info->id == MessageId::kHello) return Greet(client, frame);
  if (!client->greeted) {
    return Refuse(
        client, frame.request_id,
        FailedPrecondition("message \"{}\" before \"hello\"", info->name));
  }
  auto handler = handlers_.find(frame.message);
  if (handler == handlers_.end()) {
    return SendError(client, frame.request_id,
                     absl::UnimplementedError(fmt::format(
                         "message \"{}\" is not served here", info->name)));
  }
  bool malformed = false;
  auto reply = handler->second(client->peer, frame, &malformed);
  if (malformed) {
    return Refuse(client, frame.request_id,
                  Annotate(reply.status(), info->name));
  }
  if (!reply.ok()) return SendError(client, frame.request_id, reply.status());
  return Send(client, info->reply, frame.request_id, *std::move(reply));
}

bool Server::Greet(Client* client, const wire::Frame& frame) {
  auto hello = json::Parse<Hello>(frame.payload);
  if (!hello.ok()) {
    return Refuse(client, frame.request_id, Annotate(hello.status(), "hello"));
  }
  if (hello->protocol != kProtocol) {
    return Refuse(
        client, frame.request_id,
        FailedPrecondition("the daemon (version {}) speaks protocol {}, the "
                           "caller (version {}) {}; restart the daemon",
                           options_.version, kProtocol, hello->version,
                           hello->protocol));
  }
  client->greeted = true;
  const Welcome welcome = {.protocol = kProtocol, .version = options_.version};
  return Send(client, MessageId::kWelcome, frame.request_id,
              {json::Write(welcome), {}});
}

bool Server::Refuse(Client* client, uint32_t request_id,
                    const absl::Status& status) {
  if (on_offence_) on_offence_(client->peer, status);
  (void)SendError(client, request_id, status);  // if it fits; we close anyway
  return false;
}

bool Server::SendError(Client* client, uint32_t request_id,
                       const absl::Status& status) {
  return Send(client, MessageId::kError, request_id,
              {json::Write(ToErrorReply(status)), {}});
}

bool Server::Send(Client* client, MessageId message, uint32_t request_id,
                  Reply reply) {
  const std::vector<FdRef> fds(reply.fds.begin(), reply.fds.end());
  const absl::Status sent = client->connection.Send(
      static_cast<uint16_t>(message), request_id, reply.payload, fds);
  // Of a peer that is gone, the rest of the requests is still read.
  if (sent.ok() || PeerIsGone(sent)) return true;
  if (!WouldBlock(sent)) return false;
  client->unsent = {message, request_id, std::move(reply)};
  return loop_->Change(client->token, EPOLLOUT).ok();
}

bool Server::FlushUnsent(Client* client) {
  Client::Unsent unsent = std::move(*client->unsent);
  client->unsent.reset();
  if (!Send(client, unsent.message, unsent.request_id,
            std::move(unsent.reply))) {
    return false;
  }
  if (client->unsent) return true;  // still full; EPOLLOUT stays
  return loop_->Change(client->token, EPOLLIN).ok();
}

void Server::Close(uint64_t connection) {
  auto node = clients_.extract(connection);
  loop_->Unwatch(node.mapped()->token);
  const Peer peer = node.mapped()->peer;
  node.mapped().reset();
  if (on_hangup_) on_hangup_(peer);
}

}  // namespace sysbox::api
