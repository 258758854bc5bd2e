// Any text, as subuid, subgid and login.defs at once: parsing never crashes,
// and a line that is added is found again and overlaps nobody.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sysbox/ids/id_map_text.h"
#include "sysbox/ids/subid_entry.h"
#include "sysbox/ids/subid_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sysbox;  // NOLINT: a test's entry point
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto plan = PlanSubids("sysbox", 1 << 20, text, text, text);
  if (plan.ok() && plan->add_uids) {
    for (const SubidEntry& entry : ParseSubids(text)) {
      if (entry.range.Overlaps(plan->ranges.uids)) abort();
    }
    const std::string edited = AppendEntry(text, {"sysbox", plan->ranges.uids});
    if (edited.compare(0, text.size(), text) != 0) abort();
    if (!FindEntry(ParseSubids(edited), "sysbox", kSubidMinSize)) abort();
  }
  auto map = ParseIdMap(text);
  if (map.ok() && FormatIdMap(*map) != text) {
    // Leading zeros are the only liberty the syntax leaves.
    if (*ParseIdMap(FormatIdMap(*map)) != *map) abort();
  }
  return 0;
}
