// Any text either is an error or a spec that can be validated, written and
// read again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "sysbox/oci/spec_json.h"
#include "sysbox/oci/validate.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sysbox::oci;  // NOLINT
  std::string_view text(reinterpret_cast<const char*>(data), size);
  auto spec = ParseSpec(text);
  if (!spec.ok()) return 0;
  std::string written = WriteSpec(*spec);
  auto again = ParseSpec(written);
  if (!again.ok() || WriteSpec(*again) != written) abort();
  (void)NormalizeSpec(*spec);
  (void)ValidateSpec(*spec);
  return 0;
}
