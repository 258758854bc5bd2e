#include "sysbox/wire/frame.h"

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"

namespace sysbox::wire {
namespace {

TEST_CASE("a packet is a little-endian header and the payload") {
  auto packet = EncodePacket(0x0102, 0x03040506, "hi", 3);
  REQUIRE(packet.ok());
  CHECK(*packet == std::string("\x02\0\0\0\x02\x01\x03\0\x06\x05\x04\x03hi",
                               kHeaderSize + 2));
  CHECK(*DecodeHeader(*packet, 3) == Header{2, 0x0102, 3, 0x03040506});
}

TEST_CASE("an empty payload and the largest one survive") {
  for (size_t size : {size_t{0}, kMaxPayload}) {
    auto packet = EncodePacket(65535, 4294967295u, std::string(size, 'x'), 16);
    REQUIRE(packet.ok());
    CHECK(DecodeHeader(*packet, 16)->length == size);
  }
}

TEST_CASE("frames beyond the caps are not made") {
  CHECK_FALSE(EncodePacket(1, 1, std::string(kMaxPayload + 1, 'x'), 0).ok());
  CHECK_FALSE(EncodePacket(1, 1, "", kMaxFds + 1).ok());
}

TEST_CASE("a frame that lies about itself is refused") {
  const std::string packet = *EncodePacket(7, 1, "payload", 1);
  CHECK(MessageOf(DecodeHeader(packet.substr(0, 11), 1).status()) ==
        "frame: 11 bytes, shorter than a header");
  CHECK(MessageOf(DecodeHeader(packet + "x", 1).status()) ==
        "frame: says 7 bytes of payload, has 8");
  CHECK(MessageOf(DecodeHeader(packet.substr(0, 18), 1).status()) ==
        "frame: says 7 bytes of payload, has 6");
  CHECK(MessageOf(DecodeHeader(packet, 0).status()) ==
        "frame: says 1 descriptors, has 0");
  CHECK(MessageOf(DecodeHeader(std::string(kMaxPacket + 1, 'x'), 0).status()) ==
        "frame: 65537 bytes, the limit is 65536");
}

}  // namespace
}  // namespace sysbox::wire
