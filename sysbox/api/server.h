// The daemon's end of the protocol: accepts connections on a socket, checks
// who it is, decodes frames, calls the handler of each message, and replies.
// One thread, never blocks: a peer that does not read its reply is not read
// from either. A bad frame costs only the connection it came on.
#ifndef SYSBOX_API_SERVER_H_
#define SYSBOX_API_SERVER_H_

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "sysbox/api/event_loop.h"
#include "sysbox/api/messages.h"
#include "sysbox/json/codec.h"
#include "sysbox/linux/fd.h"
#include "sysbox/wire/connection.h"

namespace sysbox::api {

// Who sent a request. `connection` is never used again for another one.
struct Peer {
  uint64_t connection = 0;
  pid_t pid = 0;  // 0: in a pid namespace that we do not see
};

// What a handler replies: the message and the descriptors that ride in it.
template <typename T>
struct Answer {
  Answer(T reply) : reply(std::move(reply)) {}  // NOLINT: implicit on purpose
  Answer(T reply, std::vector<Fd> fds)
      : reply(std::move(reply)), fds(std::move(fds)) {}
  T reply;
  std::vector<Fd> fds;
};

class Server {
 public:
  struct Options {
    uid_t allowed_uid = 0;  // SO_PEERCRED
    std::string version;    // told in kWelcome
  };
  struct Reply {
    std::string payload;
    std::vector<Fd> fds;
  };

  // `loop` must outlive the server.
  static absl::StatusOr<std::unique_ptr<Server>> Create(EventLoop* loop,
                                                        Fd listener,
                                                        Options options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Handles requests of type `id`; what does not decode never gets there.
  template <typename Request, typename ReplyType>
  void Handle(MessageId id, std::function<absl::StatusOr<Answer<ReplyType>>(
                                const Peer&, const Request&, std::vector<Fd>)>
                                handler);
  // Called once when a connection of any kind has ended.
  void OnHangup(std::function<void(const Peer&)> callback) {
    on_hangup_ = std::move(callback);
  }
  // Called when a connection is closed for what its peer did.
  void OnOffence(
      std::function<void(const Peer&, const absl::Status&)> callback) {
    on_offence_ = std::move(callback);
  }
  size_t connection_count() const { return clients_.size(); }

 private:
  struct Client;
  // `malformed`: the payload did not decode; the connection will be closed.
  using RawHandler = std::function<absl::StatusOr<Reply>(
      const Peer&, wire::Frame& frame, bool* malformed)>;

  Server(EventLoop* loop, Fd listener, Fd spare, Options options);
  void AcceptAll();
  void Admit(Fd socket);
  void TurnAwayForLackOfFds();
  void OnReady(uint64_t connection, uint32_t events);
  bool ReadFrames(Client* client);
  bool Dispatch(Client* client, wire::Frame frame);
  bool Refuse(Client* client, uint32_t request_id, const absl::Status& status);
  bool Greet(Client* client, const wire::Frame& frame);
  bool Send(Client* client, MessageId message, uint32_t request_id,
            Reply reply);
  bool SendError(Client* client, uint32_t request_id,
                 const absl::Status& status);
  bool FlushUnsent(Client* client);
  void Close(uint64_t connection);

  EventLoop* loop_;
  Fd listener_;
  Fd spare_;  // given up for a moment when there are no descriptors left
  Options options_;
  EventLoop::Token listener_token_ = 0;
  uint64_t last_connection_ = 0;
  absl::flat_hash_map<uint64_t, std::unique_ptr<Client>> clients_;
  absl::flat_hash_map<uint16_t, RawHandler> handlers_;
  std::function<void(const Peer&)> on_hangup_;
  std::function<void(const Peer&, const absl::Status&)> on_offence_;
};

template <typename Request, typename ReplyType>
void Server::Handle(MessageId id,
                    std::function<absl::StatusOr<Answer<ReplyType>>(
                        const Peer&, const Request&, std::vector<Fd>)>
                        handler) {
  handlers_[static_cast<uint16_t>(id)] =
      [handler = std::move(handler)](const Peer& peer, wire::Frame& frame,
                                     bool* malformed) -> absl::StatusOr<Reply> {
    auto request = json::Parse<Request>(frame.payload);
    *malformed = !request.ok();
    if (!request.ok()) return request.status();
    auto answer = handler(peer, *request, std::move(frame.fds));
    if (!answer.ok()) return answer.status();
    return Reply{json::Write(answer->reply), std::move(answer->fds)};
  };
}

}  // namespace sysbox::api

#endif  // SYSBOX_API_SERVER_H_
