// ParseMountInfo on any bytes: a container mounts what it likes, with sources
// and options it chooses.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sysbox/linux/mount_info.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto mounts = sysbox::ParseMountInfo(text);
  if (!mounts.ok()) return 0;
  for (const sysbox::MountInfo& mount : *mounts) {
    // What a caller relies on.
    if (mount.id < 0 || mount.parent_id < 0) std::abort();
    if (mount.mount_point.size() > size) std::abort();
  }
  if (sysbox::UnescapeMountField(text).size() > size) std::abort();
  return 0;
}
