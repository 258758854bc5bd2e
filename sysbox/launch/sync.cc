#include "sysbox/launch/sync.h"

#include <cstring>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/socket.h"

namespace sysbox::launch {
namespace {

constexpr size_t kMaxText = 128 * 1024;  // hook state with its annotations
constexpr size_t kMaxFds = 253;          // SCM_MAX_FD

struct Header {
  uint32_t message;
  int32_t error_number;
  int32_t code;
  uint32_t reserved;
  int64_t value;
};

std::string Encode(const Header& header, std::string_view text) {
  std::string data(sizeof header, '\0');
  std::memcpy(data.data(), &header, sizeof header);
  data.append(text.substr(0, kMaxText));
  return data;
}

}  // namespace

absl::StatusOr<std::pair<SyncChannel, SyncChannel>> SyncChannel::Pair() {
  SYSBOX_ASSIGN_OR_RETURN(auto sockets, SocketPair(SocketKind::kSeqPacket),
                          "make sync channel");
  return std::pair(SyncChannel(std::move(sockets.first)),
                   SyncChannel(std::move(sockets.second)));
}

absl::Status SyncChannel::Send(SyncMessage message, int64_t value,
                               std::string_view text,
                               absl::Span<const FdRef> fds) {
  if (text.size() > kMaxText) {
    return InvalidArgument("sync message of {} bytes is too long", text.size());
  }
  Header header = {static_cast<uint32_t>(message), 0, 0, 0, value};
  return SendMessage(socket_, Encode(header, text), fds);
}

void SyncChannel::SendError(const absl::Status& error) {
  Header header = {static_cast<uint32_t>(SyncMessage::kError), ErrnoOf(error),
                   static_cast<int32_t>(error.code()), 0, 0};
  // The launcher may have been killed; then nobody is left to tell.
  (void)SendMessage(socket_, Encode(header, MessageOf(error)), {});
}

absl::StatusOr<std::optional<SyncPacket>> SyncChannel::ReceiveOrEnd() {
  SYSBOX_ASSIGN_OR_RETURN(
      ReceivedMessage received,
      ReceiveMessage(socket_, sizeof(Header) + kMaxText, kMaxFds));
  if (received.end_of_file) return std::nullopt;
  Header header;
  if (received.data.size() < sizeof header) {
    return Internal("sync message of {} bytes is too short",
                    received.data.size());
  }
  std::memcpy(&header, received.data.data(), sizeof header);
  SyncPacket packet = {static_cast<SyncMessage>(header.message), header.value,
                       received.data.substr(sizeof header),
                       std::move(received.fds)};
  if (packet.message == SyncMessage::kError) {
    return RestoreStatus(header.code, header.error_number, packet.text);
  }
  return packet;
}

absl::StatusOr<SyncPacket> SyncChannel::Receive() {
  SYSBOX_ASSIGN_OR_RETURN(std::optional<SyncPacket> packet, ReceiveOrEnd());
  if (!packet.has_value()) {
    return absl::UnavailableError("the container's init ended unexpectedly");
  }
  return *std::move(packet);
}

absl::StatusOr<SyncPacket> SyncChannel::Expect(SyncMessage expected) {
  SYSBOX_ASSIGN_OR_RETURN(SyncPacket packet, Receive());
  if (packet.message != expected) {
    return Internal("sync message {} where {} was expected",
                    static_cast<uint32_t>(packet.message),
                    static_cast<uint32_t>(expected));
  }
  return packet;
}

absl::Status SyncChannel::ExpectEnd() {
  SYSBOX_ASSIGN_OR_RETURN(std::optional<SyncPacket> packet, ReceiveOrEnd());
  if (!packet.has_value()) return absl::OkStatus();
  return Internal("sync message {} where the end was expected",
                  static_cast<uint32_t>(packet->message));
}

}  // namespace sysbox::launch
