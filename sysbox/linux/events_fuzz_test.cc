// SignalNumber, which reads the command line, config.json and image labels.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "sysbox/linux/events.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto number = sysbox::SignalNumber(
      std::string_view(reinterpret_cast<const char*>(data), size));
  if (number && (*number < 0 || *number > 64)) abort();
  return 0;
}
