// Any text as daemon.json: it is an error, or the runtime is added once and
// taken away again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sysbox/cli/docker_config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sysbox::cli;  // NOLINT: a fuzz target's only function
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr std::string_view kPath = "/usr/bin/sysbox-runc";
  const auto added = AddRuntime(text, kPath);
  if (!added.ok()) return 0;
  const auto again = AddRuntime(*added, kPath);
  if (!again.ok() || *again != *added) abort();
  const auto removed = RemoveRuntime(*added);
  if (removed.ok() && RemoveRuntime(*removed).value_or("") != *removed) abort();
  return 0;
}
