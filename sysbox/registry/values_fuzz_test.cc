// Any text as the file of a container's values: what is read is written and
// read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sysbox/registry/value_store.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sysbox::registry;  // NOLINT: a fuzz target's only function
  const auto values = ParseValues({reinterpret_cast<const char*>(data), size});
  if (!values.ok()) return 0;
  const auto again = ParseValues(FormatValues(*values));
  if (!again.ok() || *again != *values) abort();
  return 0;
}
