#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sysbox/cgroups/device_list.h"
#include "sysbox/cgroups/device_program.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sysbox::cgroups;  // NOLINT: a fuzz target's only function
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto list = ParseDeviceList(text);
  if (!list.ok()) return 0;
  (void)DeviceProgram(*list);
  // From a list to itself nothing is written.
  if (!DeviceTransition(*list, *list).empty()) __builtin_trap();
  return 0;
}
