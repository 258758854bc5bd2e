#include "sysbox/mgr/dns_packet.h"

#include <netinet/in.h>

#include <cstddef>
#include <cstdint>

namespace sysbox::mgr {
namespace {

constexpr size_t kIpHeader = 20, kUdpHeader = 8;
constexpr size_t kDnsHeader = 12;
constexpr uint8_t kTruncatedFlag = 0x02;  // in the third byte

void Append16(std::string& bytes, uint32_t value) {
  bytes.push_back(static_cast<char>(value >> 8 & 0xff));
  bytes.push_back(static_cast<char>(value & 0xff));
}

void Append32(std::string& bytes, uint32_t value) {
  Append16(bytes, value >> 16);
  Append16(bytes, value & 0xffff);
}

uint8_t At(std::string_view bytes, size_t index) {
  return static_cast<uint8_t>(bytes[index]);
}

// RFC 1071, of big-endian words; 0 is sent as its other form (RFC 768).
uint16_t Checksum(std::string_view bytes) {
  uint32_t sum = 0;
  for (size_t i = 0; i < bytes.size(); i += 2) {
    const uint32_t low = i + 1 < bytes.size() ? At(bytes, i + 1) : 0u;
    sum += static_cast<uint32_t>(At(bytes, i)) << 8 | low;
  }
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  const auto result = static_cast<uint16_t>(~sum);
  return result == 0 ? 0xffff : result;
}

// Where the one question behind the header ends; 0 if it does not.
size_t EndOfQuestion(std::string_view message) {
  size_t at = kDnsHeader;
  while (at < message.size() && At(message, at) != 0) {
    if (At(message, at) > 63) return 0;  // compressed, or nonsense
    at += 1u + At(message, at);
  }
  at += 1 + 4;  // the root label, type and class
  return at <= message.size() ? at : 0;
}

}  // namespace

std::string MakeUdpPacket(InetEndpoint from, InetEndpoint to,
                          std::string_view payload) {
  const auto udp_size = static_cast<uint32_t>(kUdpHeader + payload.size());
  std::string datagram;
  Append16(datagram, from.port);
  Append16(datagram, to.port);
  Append16(datagram, udp_size);
  Append16(datagram, 0);
  datagram += payload;
  std::string pseudo;
  Append32(pseudo, from.address);
  Append32(pseudo, to.address);
  Append16(pseudo, IPPROTO_UDP);
  Append16(pseudo, udp_size);
  const uint16_t checksum = Checksum(pseudo + datagram);
  datagram[6] = static_cast<char>(checksum >> 8);
  datagram[7] = static_cast<char>(checksum & 0xff);
  std::string packet;
  Append16(packet, 0x4500);
  Append16(packet, static_cast<uint32_t>(kIpHeader) + udp_size);
  Append32(packet, 0);  // identification, fragment
  Append16(packet, 64u << 8 | IPPROTO_UDP);
  Append16(packet, 0);
  Append32(packet, from.address);
  Append32(packet, to.address);
  return packet + datagram;
}

std::string MakeTruncated(std::string_view reply) {
  if (reply.size() < kDnsHeader) return "";
  const bool one_question = At(reply, 4) == 0 && At(reply, 5) == 1;
  const size_t end = one_question ? EndOfQuestion(reply) : 0;
  std::string cut(reply.substr(0, end != 0 ? end : kDnsHeader));
  cut[2] = static_cast<char>(At(cut, 2) | kTruncatedFlag);
  for (size_t i = end != 0 ? 6 : 4; i < kDnsHeader; ++i) cut[i] = 0;
  return cut;
}

}  // namespace sysbox::mgr
