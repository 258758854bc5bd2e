// Bytes of what the DNS relay sends: an IPv4 packet with a datagram in it, and
// a reply cut to what fits one. Pure.
#ifndef SYSBOX_MGR_DNS_PACKET_H_
#define SYSBOX_MGR_DNS_PACKET_H_

#include <string>
#include <string_view>

#include "sysbox/linux/inet_socket.h"

namespace sysbox::mgr {

// RFC 791 and 768. The kernel fills in the IP header's length and checksum.
std::string MakeUdpPacket(InetEndpoint from, InetEndpoint to,
                          std::string_view payload);

// `reply` without its records, marked as truncated (RFC 1035 4.1.1 TC): its
// reader asks again by TCP. Empty if it is no DNS message.
std::string MakeTruncated(std::string_view reply);

}  // namespace sysbox::mgr

#endif  // SYSBOX_MGR_DNS_PACKET_H_
