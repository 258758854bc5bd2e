// The ids of the `sysbox` entries, dealt out in units of 65536. Counts the
// uses of every unit, lowest free run first, O(log n) per call. A value: it
// neither reads nor writes files and knows nobody's name.
#ifndef SYSBOX_IDS_SUBID_POOL_H_
#define SYSBOX_IDS_SUBID_POOL_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/ids/id_range.h"

namespace sysbox {

// What an owner has in /etc/subuid and /etc/subgid. Bases may differ.
struct SubidRanges {
  IdRange uids;
  IdRange gids;
  friend bool operator==(const SubidRanges&, const SubidRanges&) = default;
};

class SubidPool {
 public:
  static constexpr uint32_t kUnit = 65536;

  // Unit i is ids [first + i * kUnit, +kUnit) of both ranges; what the larger
  // one has beyond the smaller, and any remainder, is not used.
  explicit SubidPool(const SubidRanges& ranges);

  // Maps of ids 0..n-1, n being `size` rounded up to whole units, onto the
  // lowest free units. Marks nothing; AddUse does. ResourceExhausted when no
  // run is long enough.
  absl::StatusOr<IdMaps> FindFree(uint32_t size) const;

  // Counts a use of every unit that `maps` touches; RemoveUse undoes it. Ids
  // outside the pool do not matter.
  void AddUse(const IdMaps& maps);
  void RemoveUse(const IdMaps& maps);

  const SubidRanges& ranges() const { return ranges_; }
  uint32_t unit_count() const { return unit_count_; }
  uint32_t free_units() const { return free_units_; }

 private:
  // A node of a complete binary tree over the units: the free units at its
  // left and right end, and the longest free run within.
  struct Node {
    uint32_t left = 0;
    uint32_t right = 0;
    uint32_t longest = 0;
  };

  void ChangeUse(const IdMap& map, const IdRange& range, int change);
  void SetFree(uint32_t unit, bool free);
  static Node Join(const Node& a, const Node& b, uint32_t width);
  absl::Status Exhausted(uint32_t units) const;

  SubidRanges ranges_;
  uint32_t unit_count_ = 0;
  uint32_t free_units_ = 0;
  uint32_t leaves_ = 1;         // power of two >= unit_count_
  std::vector<uint32_t> uses_;  // per unit
  std::vector<Node> tree_;      // 1 is the root, children of n are 2n, 2n+1
};

}  // namespace sysbox

#endif  // SYSBOX_IDS_SUBID_POOL_H_
