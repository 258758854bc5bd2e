// Id maps as one line of text: "0 100000 65536,65536 900000 1", the lines of
// /proc/PID/uid_map joined by commas. Compact enough that the largest map the
// kernel takes fits a message. Syntax only; ValidateIdMap judges the content.
#ifndef SYSBOX_IDS_ID_MAP_TEXT_H_
#define SYSBOX_IDS_ID_MAP_TEXT_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "sysbox/ids/id_range.h"

namespace sysbox {

std::string FormatIdMap(const IdMap& map);
// Strict: decimal numbers, single spaces, at most 340 lines. "" is no line.
absl::StatusOr<IdMap> ParseIdMap(std::string_view text);

// Host ids for people: "100000-165535", ranges joined by commas.
std::string DescribeHostIds(const IdMap& map);

}  // namespace sysbox

#endif  // SYSBOX_IDS_ID_MAP_TEXT_H_
