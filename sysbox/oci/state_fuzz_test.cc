// A state file that was read can be written and read again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "sysbox/oci/state.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sysbox::oci;  // NOLINT
  std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)ParseHookState(text);
  auto state = ParseStateFile(text);
  if (!state.ok()) return 0;
  std::string written = WriteStateFile(*state);
  auto again = ParseStateFile(written);
  if (!again.ok() || WriteStateFile(*again) != written) abort();
  return 0;
}
