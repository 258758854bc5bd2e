// The first line break of "\n--\n" parts mountinfo from /proc/self/cgroup.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sysbox/cgroups/hierarchy.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sysbox::cgroups;  // NOLINT: a fuzz target's only function
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr std::string_view kSeparator = "\n--\n";
  const size_t cut = text.find(kSeparator);
  const std::string_view own =
      cut == std::string_view::npos ? "" : text.substr(cut + kSeparator.size());
  auto found = ParseHierarchies(text.substr(0, cut), own);
  if (!found.ok()) return 0;
  for (const Place& place : PlacesFor(*found, own, "id")) {
    // No place is its hierarchy's parent or outside of it.
    if (place.path.compare(0, place.mount_point.size(), place.mount_point) !=
        0) {
      __builtin_trap();
    }
  }
  return 0;
}
