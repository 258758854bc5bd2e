#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sysbox/launch/passwd.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  (void)sysbox::launch::HomeOf(
      1000, std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
