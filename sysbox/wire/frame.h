// One frame per packet: a 12-byte header and a payload. Little-endian
//
//     u32 length       of the payload
//     u16 message      what it is; wire/ does not know which there are
//     u16 descriptors  how many ride in this packet
//     u32 request_id   a reply repeats its request's
//
// Pure bytes, strictly checked; connection.h moves them.
#ifndef SYSBOX_WIRE_FRAME_H_
#define SYSBOX_WIRE_FRAME_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace sysbox::wire {

inline constexpr size_t kHeaderSize = 12;
inline constexpr size_t kMaxPacket = size_t{64} << 10;  // header included
inline constexpr size_t kMaxPayload = kMaxPacket - kHeaderSize;
inline constexpr size_t kMaxFds = 16;

struct Header {
  uint32_t length = 0;
  uint16_t message = 0;
  uint16_t fd_count = 0;
  uint32_t request_id = 0;
  friend bool operator==(const Header&, const Header&) = default;
};

// Header and payload as one packet. InvalidArgument beyond the caps.
absl::StatusOr<std::string> EncodePacket(uint16_t message, uint32_t request_id,
                                         std::string_view payload,
                                         size_t fd_count);

// Checks a received packet against what came with it. The payload is the
// packet without its first kHeaderSize bytes.
absl::StatusOr<Header> DecodeHeader(std::string_view packet, size_t fd_count);

}  // namespace sysbox::wire

#endif  // SYSBOX_WIRE_FRAME_H_
