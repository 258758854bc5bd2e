#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sysbox/mounts/overlay_options.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto options = sysbox::mounts::ParseOverlayOptions(
      std::string_view(reinterpret_cast<const char*>(data), size));
  if (options.ok() && options->lower.empty()) __builtin_trap();
  return 0;
}
