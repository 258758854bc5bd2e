#include "sysbox/wire/connection.h"

#include "sysbox/base/status.h"
#include "sysbox/linux/socket.h"
#include "sysbox/wire/frame.h"

namespace sysbox::wire {

absl::Status Connection::Send(uint16_t message, uint32_t request_id,
                              std::string_view payload,
                              absl::Span<const FdRef> fds) {
  SYSBOX_ASSIGN_OR_RETURN(
      std::string packet,
      EncodePacket(message, request_id, payload, fds.size()));
  return SendMessage(socket_, packet, fds);
}

absl::StatusOr<std::optional<Frame>> Connection::Receive() {
  SYSBOX_ASSIGN_OR_RETURN(ReceivedMessage received,
                          ReceiveMessage(socket_, kMaxPacket, kMaxFds));
  if (received.end_of_file) return std::nullopt;
  SYSBOX_ASSIGN_OR_RETURN(Header header,
                          DecodeHeader(received.data, received.fds.size()));
  Frame frame;
  frame.message = header.message;
  frame.request_id = header.request_id;
  frame.payload = std::move(received.data);
  frame.payload.erase(0, kHeaderSize);
  frame.fds = std::move(received.fds);
  return std::optional<Frame>(std::move(frame));
}

}  // namespace sysbox::wire
