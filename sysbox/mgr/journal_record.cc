#include "sysbox/mgr/journal_record.h"

#include <array>

#include "sysbox/base/status.h"

namespace sysbox::mgr {
namespace {

constexpr size_t kChecksumSize = 8;

constexpr std::array<uint32_t, 256> MakeCrcTable() {
  std::array<uint32_t, 256> table = {};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) {
      value = value >> 1 ^ (value & 1 ? 0x82f63b78u : 0);  // Castagnoli
    }
    table[i] = value;
  }
  return table;
}
constexpr std::array<uint32_t, 256> kCrcTable = MakeCrcTable();

uint32_t Crc32c(std::string_view data) {
  uint32_t crc = ~0u;
  for (char c : data) {
    crc = crc >> 8 ^ kCrcTable[(crc ^ static_cast<uint8_t>(c)) & 0xff];
  }
  return ~crc;
}

}  // namespace

std::string EncodeRecord(const Record& record) {
  const std::string text = json::Write(record);
  return fmt::format("{:08x} {}\n", Crc32c(text), text);
}

absl::StatusOr<Record> DecodeRecord(std::string_view line) {
  if (line.size() <= kChecksumSize || line[kChecksumSize] != ' ') {
    return absl::DataLossError("journal record: no checksum");
  }
  const std::string_view text = line.substr(kChecksumSize + 1);
  if (line.substr(0, kChecksumSize) != fmt::format("{:08x}", Crc32c(text))) {
    return absl::DataLossError("journal record: wrong checksum");
  }
  absl::StatusOr<Record> record = json::Parse<Record>(text);
  if (!record.ok()) {
    return absl::DataLossError(
        fmt::format("journal record: {}", MessageOf(record.status())));
  }
  return record;
}

}  // namespace sysbox::mgr
