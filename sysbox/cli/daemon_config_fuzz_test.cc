// Any text as /etc/sysbox/config.json: what is taken has its flag's kind, and
// never replaces what the command line gave.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sysbox/cli/daemon_config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sysbox::cli;  // NOLINT: a fuzz target's only function
  constexpr FlagSpec kFlags[] = {
      {.name = "log-level", .kind = ValueKind::kText},
      {.name = "honor-caps"},
      {.name = "allow-host-writes", .kind = ValueKind::kList},
      {.name = "subid-range-size", .kind = ValueKind::kInteger},
      {.name = "patience", .kind = ValueKind::kDuration},
  };
  FlagValues values;
  if (!values.Add(kFlags[0], "log-level", "given").ok()) abort();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!AddConfig(kFlags, text, &values).ok()) return 0;
  if (values.Text(kFlags[0]) != "given") abort();
  (void)values.Switch(kFlags[1]);
  (void)values.List(kFlags[2]);
  (void)values.Integer(kFlags[3]);
  (void)values.Duration(kFlags[4]);
  return 0;
}
