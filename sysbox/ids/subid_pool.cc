#include "sysbox/ids/subid_pool.h"

#include <algorithm>

#include "sysbox/base/status.h"

namespace sysbox {

SubidPool::SubidPool(const SubidRanges& ranges)
    : ranges_(ranges),
      unit_count_(std::min(ranges.uids.size, ranges.gids.size) / kUnit),
      free_units_(unit_count_),
      uses_(unit_count_) {
  while (leaves_ < unit_count_) leaves_ *= 2;
  tree_.resize(size_t{2} * leaves_);
  for (uint32_t i = 0; i < unit_count_; ++i) tree_[leaves_ + i] = {1, 1, 1};
  uint32_t width = 1;  // of a child of the level being filled
  for (uint32_t level = leaves_ / 2; level > 0; level /= 2, width *= 2) {
    for (uint32_t i = level; i < 2 * level; ++i) {
      tree_[i] = Join(tree_[2 * i], tree_[2 * i + 1], width);
    }
  }
}

SubidPool::Node SubidPool::Join(const Node& a, const Node& b, uint32_t width) {
  return {.left = a.left == width ? width + b.left : a.left,
          .right = b.right == width ? width + a.right : b.right,
          .longest = std::max({a.longest, b.longest, a.right + b.left})};
}

absl::StatusOr<IdMaps> SubidPool::FindFree(uint32_t size) const {
  const uint64_t units =
      std::max<uint64_t>(1, (uint64_t{size} + kUnit - 1) / kUnit);
  if (units > tree_[1].longest) {
    return Exhausted(static_cast<uint32_t>(units));
  }
  // Down to the leftmost run: left child, then across the middle, then right.
  uint32_t node = 1, first = 0, width = leaves_;
  while (width > 1) {
    width /= 2;
    const Node& left = tree_[2 * node];
    if (left.longest >= units) {
      node = 2 * node;
    } else if (left.right + tree_[2 * node + 1].left >= units) {
      first += width - left.right;
      break;
    } else {
      first += width;
      node = 2 * node + 1;
    }
  }
  const uint32_t offset = first * kUnit;
  const uint32_t count = static_cast<uint32_t>(units) * kUnit;
  return IdMaps{MapOnto({ranges_.uids.first + offset, count}),
                MapOnto({ranges_.gids.first + offset, count})};
}

absl::Status SubidPool::Exhausted(uint32_t units) const {
  const std::string cure = "remove containers or enlarge the entry";
  if (free_units_ == 0) {
    return absl::ResourceExhaustedError(fmt::format(
        "id ranges exhausted: all {} ranges of the \"sysbox\" entry in "
        "/etc/subuid are in use ({} ids each); {}",
        unit_count_, kUnit, cure));
  }
  return absl::ResourceExhaustedError(fmt::format(
      "id ranges exhausted: no {} adjacent ranges of the \"sysbox\" entry in "
      "/etc/subuid are free ({} of {} are, {} ids each); {}",
      units, free_units_, unit_count_, kUnit, cure));
}

void SubidPool::AddUse(const IdMaps& maps) {
  ChangeUse(maps.uids, ranges_.uids, +1);
  ChangeUse(maps.gids, ranges_.gids, +1);
}

void SubidPool::RemoveUse(const IdMaps& maps) {
  ChangeUse(maps.uids, ranges_.uids, -1);
  ChangeUse(maps.gids, ranges_.gids, -1);
}

void SubidPool::ChangeUse(const IdMap& map, const IdRange& range, int change) {
  const uint64_t end = range.first + uint64_t{unit_count_} * kUnit;
  for (const IdMapLine& line : map.lines) {
    const uint64_t from = std::max<uint64_t>(line.outside, range.first);
    const uint64_t to = std::min(uint64_t{line.outside} + line.size, end);
    if (from >= to) continue;
    const uint32_t last = static_cast<uint32_t>((to - 1 - range.first) / kUnit);
    for (uint32_t i = static_cast<uint32_t>((from - range.first) / kUnit);
         i <= last; ++i) {
      const bool was_free = uses_[i] == 0;
      uses_[i] += static_cast<uint32_t>(change);
      if (was_free != (uses_[i] == 0)) SetFree(i, uses_[i] == 0);
    }
  }
}

void SubidPool::SetFree(uint32_t unit, bool free) {
  free_units_ += free ? 1 : -1;
  const uint32_t value = free ? 1 : 0;
  uint32_t node = leaves_ + unit;
  tree_[node] = {value, value, value};
  for (uint32_t width = 1; node > 1; width *= 2) {
    node /= 2;
    tree_[node] = Join(tree_[2 * node], tree_[2 * node + 1], width);
  }
}

}  // namespace sysbox
