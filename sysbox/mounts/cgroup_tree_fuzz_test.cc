#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sysbox/mounts/cgroup_tree.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto hierarchies = sysbox::mounts::ParseHierarchies(
      std::string_view(reinterpret_cast<const char*>(data), size));
  if (!hierarchies.ok()) return 0;
  for (const auto& hierarchy : *hierarchies) {
    // A directory's name must not lead out of the tree.
    if (hierarchy.directory.find('/') != std::string::npos) __builtin_trap();
  }
  return 0;
}
