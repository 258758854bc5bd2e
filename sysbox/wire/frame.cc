#include "sysbox/wire/frame.h"

#include "sysbox/base/status.h"

namespace sysbox::wire {
namespace {

void Append(std::string* out, uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) {
    out->push_back(static_cast<char>(value >> (8 * i)));
  }
}

uint32_t Extract(std::string_view data, size_t at, int bytes) {
  uint32_t value = 0;
  for (int i = bytes - 1; i >= 0; --i) {
    value = value << 8 | static_cast<uint8_t>(data[at + i]);
  }
  return value;
}

}  // namespace

absl::StatusOr<std::string> EncodePacket(uint16_t message, uint32_t request_id,
                                         std::string_view payload,
                                         size_t fd_count) {
  if (payload.size() > kMaxPayload) {
    return InvalidArgument("message {}: {} bytes, the limit is {}", message,
                           payload.size(), kMaxPayload);
  }
  if (fd_count > kMaxFds) {
    return InvalidArgument("message {}: {} descriptors, the limit is {}",
                           message, fd_count, kMaxFds);
  }
  std::string packet;
  packet.reserve(kHeaderSize + payload.size());
  Append(&packet, static_cast<uint32_t>(payload.size()), 4);
  Append(&packet, message, 2);
  Append(&packet, static_cast<uint32_t>(fd_count), 2);
  Append(&packet, request_id, 4);
  packet.append(payload);
  return packet;
}

absl::StatusOr<Header> DecodeHeader(std::string_view packet, size_t fd_count) {
  if (packet.size() < kHeaderSize) {
    return InvalidArgument("frame: {} bytes, shorter than a header",
                           packet.size());
  }
  if (packet.size() > kMaxPacket) {
    return InvalidArgument("frame: {} bytes, the limit is {}", packet.size(),
                           kMaxPacket);
  }
  Header header;
  header.length = Extract(packet, 0, 4);
  header.message = static_cast<uint16_t>(Extract(packet, 4, 2));
  header.fd_count = static_cast<uint16_t>(Extract(packet, 6, 2));
  header.request_id = Extract(packet, 8, 4);
  if (header.length != packet.size() - kHeaderSize) {
    return InvalidArgument("frame: says {} bytes of payload, has {}",
                           header.length, packet.size() - kHeaderSize);
  }
  if (header.fd_count != fd_count || fd_count > kMaxFds) {
    return InvalidArgument("frame: says {} descriptors, has {}",
                           header.fd_count, fd_count);
  }
  return header;
}

}  // namespace sysbox::wire
