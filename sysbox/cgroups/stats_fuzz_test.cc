#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sysbox/cgroups/control_file.h"
#include "sysbox/cgroups/v1_cpuset.h"
#include "sysbox/cgroups/v1_stats.h"
#include "sysbox/cgroups/v2_stats.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sysbox::cgroups;  // NOLINT: a fuzz target's only function
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Stats stats;
  AddIoStat(text, &stats);
  (void)ParseBlkio(text);
  (void)ParseFlatKeyed(text);
  (void)FlatKeyedValue(text, "cache");
  (void)ParseLimit(Trim(text));
  (void)IntersectCpuList(text, "0-3");
  return 0;
}
