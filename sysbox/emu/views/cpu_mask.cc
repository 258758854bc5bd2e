#include "sysbox/emu/views/cpu_mask.h"

#include <algorithm>

#include "fmt/format.h"

namespace sysbox::emu::views {
namespace {

constexpr size_t kGroupBits = 32;
constexpr size_t kDigitBits = 4;
constexpr size_t kMostDigits = 65536 / kDigitBits;

int ValueOf(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return -1;
}

}  // namespace

std::vector<uint16_t> ParseCpuMask(std::string_view text) {
  std::vector<uint16_t> cpus;
  size_t bit = 0;
  for (size_t i = text.size(); i > 0 && bit < kMostDigits * kDigitBits; --i) {
    const char c = text[i - 1];
    if (c == ',' || c == '\n') continue;
    const int value = ValueOf(c);
    if (value < 0) return {};
    for (size_t in_digit = 0; in_digit < kDigitBits; ++in_digit, ++bit) {
      if (value >> in_digit & 1) cpus.push_back(static_cast<uint16_t>(bit));
    }
  }
  return cpus;
}

std::string FormatCpuMask(const std::vector<uint16_t>& cpus, size_t bits) {
  std::vector<uint32_t> groups((bits + kGroupBits - 1) / kGroupBits);
  for (const uint16_t cpu : cpus) {
    if (cpu < bits) groups[cpu / kGroupBits] |= 1U << cpu % kGroupBits;
  }
  std::string text;
  for (size_t i = groups.size(); i > 0; --i) {
    const size_t width =
        std::min(kGroupBits, bits - (i - 1) * kGroupBits) + kDigitBits - 1;
    text += fmt::format("{:0{}x}", groups[i - 1], width / kDigitBits);
    if (i > 1) text.push_back(',');
  }
  return text;
}

std::vector<uint16_t> Renumber(const std::vector<uint16_t>& cpus,
                               const std::vector<uint16_t>& shown) {
  std::vector<uint16_t> places;
  for (const uint16_t cpu : cpus) {
    const auto found = std::lower_bound(shown.begin(), shown.end(), cpu);
    if (found == shown.end() || *found != cpu) continue;
    places.push_back(static_cast<uint16_t>(found - shown.begin()));
  }
  return places;
}

}  // namespace sysbox::emu::views
