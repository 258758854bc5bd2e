// Ranges of host ids and the maps made of them. Pure values.
#ifndef SYSBOX_IDS_ID_RANGE_H_
#define SYSBOX_IDS_ID_RANGE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/linux/namespaces.h"

namespace sysbox {

// Ids [first, first + size). Never wraps past 2^32 - 2 ((uid_t)-1 is no id).
struct IdRange {
  uint32_t first = 0;
  uint32_t size = 0;
  uint64_t end() const { return uint64_t{first} + size; }
  bool Overlaps(const IdRange& other) const {
    return first < other.end() && other.first < end();
  }
  friend bool operator==(const IdRange&, const IdRange&) = default;
};

// How ids inside a container's user namespace map to the host's.
struct IdMap {
  std::vector<IdMapLine> lines;
  // Host id of an id inside; nullopt if unmapped.
  std::optional<uint32_t> ToHost(uint32_t inside) const;
  friend bool operator==(const IdMap&, const IdMap&) = default;
};

// Container ids 0..size-1 onto `range`.
IdMap MapOnto(const IdRange& range);

// Checks lines as user_namespaces(7) does, so that the error can name `field`:
// 1..340 lines, sizes > 0, no overflow, no overlap inside or outside; and that
// id 0 is mapped, but not onto host id 0.
absl::Status ValidateIdMap(const IdMap& map, std::string_view field);

struct IdMaps {
  IdMap uids;
  IdMap gids;
  friend bool operator==(const IdMaps&, const IdMaps&) = default;
};

}  // namespace sysbox

#endif  // SYSBOX_IDS_ID_RANGE_H_
