#include "sysbox/mgr/dns_packet.h"

#include <string>

#include "catch2/catch.hpp"

namespace sysbox::mgr {
namespace {

using namespace std::string_literals;  // NOLINT: with NULs

TEST_CASE("a packet carries addresses, ports and a checksum") {
  const std::string packet =
      MakeUdpPacket({0xc0000035, 53}, {0xac110002, 40000}, "abc");
  CHECK(packet ==
        "\x45\x00\x00\x1f\x00\x00\x00\x00\x40\x11\x00\x00"
        "\xc0\x00\x00\x35\xac\x11\x00\x02"
        "\x00\x35\x9c\x40\x00\x0b\x32\xb7"
        "abc"s);
}

// "a." IN A, with an answer behind it.
const std::string kReply =
    "\x12\x34\x81\x80\x00\x01\x00\x01\x00\x02\x00\x03"
    "\x01"
    "a\x00\x00\x01\x00\x01"
    "answers"s;

TEST_CASE("a reply that is cut keeps its question and says so") {
  CHECK(MakeTruncated(kReply) ==
        "\x12\x34\x83\x80\x00\x01\x00\x00\x00\x00\x00\x00"
        "\x01"
        "a\x00\x00\x01\x00\x01"s);
}

TEST_CASE("what cannot be understood is cut to its header") {
  const std::string header =
      "\x12\x34\x83\x80\x00\x00\x00\x00\x00\x00\x00\x00"s;
  std::string compressed = kReply;
  compressed[12] = '\xc0';
  CHECK(MakeTruncated(compressed) == header);
  CHECK(MakeTruncated(kReply.substr(0, 15)) == header);
  CHECK(MakeTruncated(kReply.substr(0, 12)) == header);
  CHECK(MakeTruncated(kReply.substr(0, 11)).empty());
}

}  // namespace
}  // namespace sysbox::mgr
