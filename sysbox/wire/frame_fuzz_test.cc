// Any packet with any number of descriptors: what decodes, encodes to the
// same bytes.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sysbox/wire/frame.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sysbox::wire;  // NOLINT: a test's entry point
  if (size == 0) return 0;
  const size_t fd_count = data[0];
  const std::string_view packet(reinterpret_cast<const char*>(data) + 1,
                                size - 1);
  auto header = DecodeHeader(packet, fd_count);
  if (!header.ok()) return 0;
  auto again = EncodePacket(header->message, header->request_id,
                            packet.substr(kHeaderSize), fd_count);
  if (!again.ok() || *again != packet) abort();
  return 0;
}
