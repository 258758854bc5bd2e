#include "sysbox/api/client.h"

#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "sysbox/api/messages.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/socket.h"
#include "sysbox/wire/connection.h"

namespace sysbox::api {
namespace {

constexpr int kReplyTimeoutMs = 30000;

absl::Status NotRunning(const absl::Status& status) {
  const int error = ErrnoOf(status);
  if (error != ENOENT && error != ECONNREFUSED) return status;
  return absl::UnavailableError(
      fmt::format("sysbox daemon is not running ({}); start it with "
                  "\"systemctl start sysbox\" or \"sysbox daemon &\"",
                  MessageOf(status)));
}

bool Broken(const absl::Status& status) {
  const int error = ErrnoOf(status);
  return error == EPIPE || error == ECONNRESET || error == ENOTCONN;
}

class Client : public Manager, public FileInspector {
 public:
  Client(std::string socket_path, std::string version)
      : socket_path_(std::move(socket_path)), version_(std::move(version)) {}

  absl::Status Connect();
  absl::StatusOr<Registered> Register(Registration registration) override;
  absl::Status Activate(const std::string& id, const Pidfd& init) override;
  absl::Status Listen(const std::string& id, FdRef listener) override;
  absl::StatusOr<std::string> AliasDns(const std::string& id) override;
  absl::Status Unregister(const std::string& id) override;
  absl::StatusOr<std::vector<ContainerSummary>> List() override;
  absl::StatusOr<std::string> StoredValues(const std::string& id) override;
  absl::StatusOr<std::string> ListDirectory(const std::string& id,
                                            const std::string& path) override;
  absl::StatusOr<std::string> ReadFile(const std::string& id,
                                       const std::string& path) override;

 private:
  template <typename Request>
  absl::StatusOr<std::string> GetContent(MessageId message,
                                         const Request& request);
  template <typename Reply, typename Request>
  absl::StatusOr<Reply> Call(MessageId message, const Request& request,
                             absl::Span<const FdRef> fds,
                             std::vector<Fd>* reply_fds = nullptr);
  absl::StatusOr<wire::Frame> Exchange(MessageId message,
                                       const std::string& payload,
                                       absl::Span<const FdRef> fds);
  absl::StatusOr<wire::Frame> ExchangeOnce(MessageId message,
                                           const std::string& payload,
                                           absl::Span<const FdRef> fds);
  absl::StatusOr<wire::Frame> ReceiveReply();
  absl::StatusOr<std::optional<wire::Frame>> Judge(wire::Frame frame,
                                                   MessageId expected);

  std::string socket_path_;
  std::string version_;
  wire::Connection connection_;
  uint32_t last_request_ = 0;
  uint32_t hello_request_ = 0;  // 0: answered
};

absl::Status Client::Connect() {
  absl::StatusOr<Fd> socket = ConnectUnix(SocketKind::kSeqPacket, socket_path_);
  if (!socket.ok()) return NotRunning(socket.status());
  connection_ = wire::Connection(*std::move(socket));
  hello_request_ = ++last_request_;
  const Hello hello = {.protocol = kProtocol, .version = version_};
  const absl::Status sent =
      connection_.Send(static_cast<uint16_t>(MessageId::kHello), hello_request_,
                       json::Write(hello), {});
  if (Broken(sent)) return absl::OkStatus();  // the answer waits to be read
  return sent;
}

absl::StatusOr<wire::Frame> Client::ReceiveReply() {
  SYSBOX_ASSIGN_OR_RETURN(bool ready,
                          WaitReadable(connection_.fd(), kReplyTimeoutMs));
  if (!ready) {
    return absl::DeadlineExceededError(
        fmt::format("sysbox daemon ({}): no answer for {} s", socket_path_,
                    kReplyTimeoutMs / 1000));
  }
  auto received = connection_.Receive();
  // A daemon that closes with a request of ours unread resets the connection,
  // which is reported before what it sent last: the reason.
  if (Broken(received.status())) received = connection_.Receive();
  SYSBOX_ASSIGN_OR_RETURN(std::optional<wire::Frame> frame,
                          std::move(received));
  if (!frame) return ErrnoStatus(ECONNRESET, "sysbox daemon hung up");
  return *std::move(frame);
}

// The reply; nullopt for an answer to something else.
absl::StatusOr<std::optional<wire::Frame>> Client::Judge(wire::Frame frame,
                                                         MessageId expected) {
  const auto message = static_cast<MessageId>(frame.message);
  const bool to_hello =
      hello_request_ != 0 && frame.request_id == hello_request_;
  // To a request that we gave up, as when its answer took too long.
  const bool stale = frame.request_id != 0 && frame.request_id < last_request_;
  if (stale && !to_hello) return std::nullopt;
  if (message == MessageId::kError) {
    SYSBOX_ASSIGN_OR_RETURN(ErrorReply error,
                            json::Parse<ErrorReply>(frame.payload));
    // 0: about the connection. Such errors come before the daemon hangs up.
    if (to_hello || frame.request_id == 0 ||
        frame.request_id == last_request_) {
      return FromErrorReply(error);
    }
  }
  if (to_hello && message == MessageId::kWelcome) {
    SYSBOX_ASSIGN_OR_RETURN(Welcome welcome,
                            json::Parse<Welcome>(frame.payload));
    if (welcome.protocol != kProtocol) {
      return Internal("sysbox daemon speaks protocol {}, this is {}",
                      welcome.protocol, kProtocol);
    }
    hello_request_ = 0;
    return std::nullopt;
  }
  if (frame.request_id == last_request_ && message == expected) {
    return frame;
  }
  return Internal("sysbox daemon: unexpected message {} to request {}",
                  frame.message, frame.request_id);
}

absl::StatusOr<wire::Frame> Client::ExchangeOnce(MessageId message,
                                                 const std::string& payload,
                                                 absl::Span<const FdRef> fds) {
  if (!connection_.valid()) SYSBOX_RETURN_IF_ERROR(Connect());
  const MessageId expected = FindMessage(static_cast<uint16_t>(message))->reply;
  const absl::Status sent = connection_.Send(static_cast<uint16_t>(message),
                                             ++last_request_, payload, fds);
  // Who refused us has said why before he closed.
  if (!sent.ok() && !Broken(sent)) return sent;
  for (;;) {
    SYSBOX_ASSIGN_OR_RETURN(wire::Frame frame, ReceiveReply());
    SYSBOX_ASSIGN_OR_RETURN(std::optional<wire::Frame> answer,
                            Judge(std::move(frame), expected));
    if (answer) return *std::move(answer);
  }
}

absl::StatusOr<wire::Frame> Client::Exchange(MessageId message,
                                             const std::string& payload,
                                             absl::Span<const FdRef> fds) {
  const bool fresh = !connection_.valid() || hello_request_ != 0;
  auto answer = ExchangeOnce(message, payload, fds);
  if (answer.ok() || !Broken(answer.status())) return answer;
  connection_ = wire::Connection();
  if (fresh) return answer;
  return ExchangeOnce(message, payload, fds);
}

template <typename Reply, typename Request>
absl::StatusOr<Reply> Client::Call(MessageId message, const Request& request,
                                   absl::Span<const FdRef> fds,
                                   std::vector<Fd>* reply_fds) {
  SYSBOX_ASSIGN_OR_RETURN(wire::Frame answer,
                          Exchange(message, json::Write(request), fds));
  if (reply_fds != nullptr) *reply_fds = std::move(answer.fds);
  return json::Parse<Reply>(answer.payload);
}

absl::StatusOr<Registered> Client::Register(Registration registration) {
  std::vector<FdRef> fds;
  if (registration.shared_user_namespace.valid()) {
    fds.push_back(registration.shared_user_namespace);
  }
  std::vector<Fd> emulated;
  SYSBOX_ASSIGN_OR_RETURN(
      RegisteredReply reply,
      Call<RegisteredReply>(MessageId::kRegister, ToRequest(registration), fds,
                            &emulated));
  return FromReply(reply, std::move(emulated));
}

absl::Status Client::Activate(const std::string& id, const Pidfd& init) {
  const ActivateRequest request = {.id = id, .pid = init.pid()};
  return Call<Done>(MessageId::kActivate, request, {init.fd()}).status();
}

absl::Status Client::Listen(const std::string& id, FdRef listener) {
  return Call<Done>(MessageId::kListen, ListenRequest{id}, {listener}).status();
}

absl::StatusOr<std::string> Client::AliasDns(const std::string& id) {
  SYSBOX_ASSIGN_OR_RETURN(
      DnsAliasReply reply,
      Call<DnsAliasReply>(MessageId::kAliasDns, AliasDnsRequest{id}, {}));
  return std::move(reply.address);
}

absl::Status Client::Unregister(const std::string& id) {
  return Call<Done>(MessageId::kUnregister, UnregisterRequest{id}, {}).status();
}

absl::StatusOr<std::vector<ContainerSummary>> Client::List() {
  std::vector<ContainerSummary> containers;
  ListRequest request;
  for (;;) {
    SYSBOX_ASSIGN_OR_RETURN(ListedReply page,
                            Call<ListedReply>(MessageId::kList, request, {}));
    for (const ListedContainer& listed : page.containers) {
      SYSBOX_ASSIGN_OR_RETURN(ContainerSummary summary, FromListed(listed));
      containers.push_back(std::move(summary));
    }
    if (!page.more || page.containers.empty()) return containers;
    request.after = page.containers.back().id;
  }
}

template <typename Request>
absl::StatusOr<std::string> Client::GetContent(MessageId message,
                                               const Request& request) {
  std::vector<Fd> fds;
  SYSBOX_RETURN_IF_ERROR(Call<Content>(message, request, {}, &fds).status());
  if (fds.size() != 1) return Internal("sysbox daemon sent no content");
  return ReadAll(fds[0]);
}

absl::StatusOr<std::string> Client::StoredValues(const std::string& id) {
  return GetContent(MessageId::kStoredValues, StoredValuesRequest{id});
}

absl::StatusOr<std::string> Client::ListDirectory(const std::string& id,
                                                  const std::string& path) {
  return GetContent(MessageId::kListEmulated, ListEmulatedRequest{id, path});
}

absl::StatusOr<std::string> Client::ReadFile(const std::string& id,
                                             const std::string& path) {
  return GetContent(MessageId::kReadEmulated, ReadEmulatedRequest{id, path});
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileInspector>> ConnectFileInspector(
    const std::string& socket_path, const std::string& version) {
  auto client = std::make_unique<Client>(socket_path, version);
  SYSBOX_RETURN_IF_ERROR(client->Connect());
  return client;
}

absl::StatusOr<std::unique_ptr<Manager>> ConnectManager(
    const std::string& socket_path, const std::string& version) {
  auto client = std::make_unique<Client>(socket_path, version);
  SYSBOX_RETURN_IF_ERROR(client->Connect());
  return client;
}

}  // namespace sysbox::api
