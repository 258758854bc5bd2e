// Any lines as process.env: what is accepted is accepted again, by exec too,
// which leaves none of our variables but its own.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "sysbox/oci/spec.h"
#include "sysbox/syscont/options.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sysbox;  // NOLINT: a fuzz target's only function
  std::string_view text(reinterpret_cast<const char*>(data), size);
  oci::Process process;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    process.env.emplace_back(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  const auto options = syscont::ParseOptions(process, {});
  if (!options.ok()) return 0;
  for (const std::string& path : options->skip_uid_shift) {
    if (path.empty() || path.front() != '/') abort();
  }
  if (!syscont::ParseOptions(process, *options).ok()) abort();
  if (!syscont::TakeExecOptions(process, *options).ok()) abort();
  return 0;
}
