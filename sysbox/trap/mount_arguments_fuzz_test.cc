// Any bytes as mount(2)'s data, and as the kernel's account of a caller: an id
// of the container never becomes one that it has not.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "sysbox/ids/id_range.h"
#include "sysbox/trap/caller.h"
#include "sysbox/trap/mount_arguments.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sysbox;  // NOLINT: a fuzz target's only function
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const IdRange range = {.first = 100000, .size = 65536};
  const IdMaps maps = {.uids = MapOnto(range), .gids = MapOnto(range)};
  uint64_t flags = 0;
  for (const char c : text.substr(0, 8)) {
    flags = flags << 8 | static_cast<uint8_t>(c);
  }
  (void)trap::ActionOf(flags);
  const auto mount = trap::DecodeNewMount(flags, text, maps);
  if (mount.ok()) {
    for (const FilesystemOption& option : mount->options) {
      if (option.key != "gid") continue;  // proc has no other ids
      const uint64_t id = strtoull(option.value.c_str(), nullptr, 10);
      if (id < range.first || id >= range.end()) abort();
    }
  }
  (void)trap::ParseCallerIdentity(text);
  return 0;
}
