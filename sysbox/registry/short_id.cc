#include "sysbox/registry/short_id.h"

#include <cstddef>
#include <cstdint>

#include "fmt/format.h"

namespace sysbox::registry {
namespace {

constexpr size_t kLongest = 100;
constexpr size_t kBeginning = 60;

// FNV-1a from either offset basis: 128 bits, so that nobody meets two ids of
// the same name by chance. Whoever makes ids is the host's root.
uint64_t Hash(std::string_view text, uint64_t state) {
  for (const unsigned char c : text) state = (state ^ c) * 0x100000001b3;
  return state;
}

}  // namespace

std::string ShortId(std::string_view id) {
  if (id.size() <= kLongest) return std::string(id);
  // '~' is in no id.
  return fmt::format("{}~{:016x}{:016x}", id.substr(0, kBeginning),
                     Hash(id, 0xcbf29ce484222325),
                     Hash(id, 0x6c62272e07bb0142));
}

}  // namespace sysbox::registry
