// The text of /etc/subuid and /etc/subgid (subuid(5)) and of login.defs(5):
// reading entries, finding a hole, adding a line. Pure; subid_entry.h does the
// files. Lines that are no valid entry are somebody else's: skipped, kept.
#ifndef SYSBOX_IDS_SUBID_FILE_H_
#define SYSBOX_IDS_SUBID_FILE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "sysbox/ids/id_range.h"

namespace sysbox {

struct SubidEntry {
  std::string owner;  // a name, or a number as text
  IdRange range;
  friend bool operator==(const SubidEntry&, const SubidEntry&) = default;
};

// "OWNER:FIRST:COUNT" lines in order. Entries that end beyond the last id are
// cut there; empty ones and lines of any other shape are skipped.
std::vector<SubidEntry> ParseSubids(std::string_view text);

// The largest entry of `owner` with at least `min_size` ids; the first one
// among equals.
std::optional<IdRange> FindEntry(absl::Span<const SubidEntry> entries,
                                 std::string_view owner, uint32_t min_size);

// Every id must be within [min, max].
struct SubidLimits {
  uint32_t min = 100000;
  uint32_t max = 600100000;
  friend bool operator==(const SubidLimits&, const SubidLimits&) = default;
};
// `prefix` is "SUB_UID" or "SUB_GID". Missing or senseless values leave the
// defaults above, which are shadow's.
SubidLimits ParseLoginDefs(std::string_view text, std::string_view prefix);

// The first `size` ids within `limits` that none of `taken` overlaps.
std::optional<IdRange> FindHole(absl::Span<const IdRange> taken,
                                const SubidLimits& limits, uint32_t size);

// `text` with one more line; all that was there stays byte for byte.
std::string AppendEntry(std::string_view text, const SubidEntry& entry);

}  // namespace sysbox

#endif  // SYSBOX_IDS_SUBID_FILE_H_
