#include "sysbox/mgr/id_holdings.h"

#include "fmt/format.h"
#include "sysbox/ids/id_map_text.h"

namespace sysbox::mgr {
namespace {

std::string KeyOf(const IdMaps& maps) {
  return fmt::format("{}|{}", FormatIdMap(maps.uids), FormatIdMap(maps.gids));
}

}  // namespace

std::optional<IdMaps> IdHoldings::FindShared(uint32_t size) const {
  for (const auto& [key, holding] : holdings_) {
    const std::vector<IdMapLine>& lines = holding.maps.uids.lines;
    if (holding.source == IdSource::kShared && lines[0].size >= size) {
      return holding.maps;
    }
  }
  return std::nullopt;
}

const IdHoldings::Holding* IdHoldings::Overlapping(const Intervals& intervals,
                                                   const IdMap& map,
                                                   const IdMaps& except) {
  for (const IdMapLine& line : map.lines) {
    const uint64_t end = uint64_t{line.outside} + line.size;
    // All intervals that begin before the line's end, from the last one down
    // to the first that ends before it: they are disjoint and sorted.
    auto it = end > 0xffffffffu
                  ? intervals.end()
                  : intervals.lower_bound(static_cast<uint32_t>(end));
    while (it != intervals.begin()) {
      --it;
      if (it->second.end <= line.outside) break;
      if (it->second.holding->maps != except) return it->second.holding;
    }
  }
  return nullptr;
}

std::optional<IdMaps> IdHoldings::FindOverlap(const IdMaps& maps) const {
  const Holding* found = Overlapping(uids_, maps.uids, maps);
  if (found == nullptr) found = Overlapping(gids_, maps.gids, maps);
  if (found == nullptr) return std::nullopt;
  return found->maps;
}

std::optional<IdSource> IdHoldings::SourceOf(const IdMaps& maps) const {
  auto found = holdings_.find(KeyOf(maps));
  if (found == holdings_.end()) return std::nullopt;
  return found->second.source;
}

void IdHoldings::Hold(const IdMaps& maps, IdSource source) {
  auto [found, added] =
      holdings_.try_emplace(KeyOf(maps), Holding{maps, source, 0});
  Holding& holding = found->second;
  ++holding.holders;
  if (!added) return;
  for (const IdMapLine& line : maps.uids.lines) {
    uids_[line.outside] = {uint64_t{line.outside} + line.size, &holding};
  }
  for (const IdMapLine& line : maps.gids.lines) {
    gids_[line.outside] = {uint64_t{line.outside} + line.size, &holding};
  }
  pool_.AddUse(maps);
}

void IdHoldings::Drop(const IdMaps& maps) {
  auto found = holdings_.find(KeyOf(maps));
  if (found == holdings_.end() || --found->second.holders > 0) return;
  for (const IdMapLine& line : maps.uids.lines) uids_.erase(line.outside);
  for (const IdMapLine& line : maps.gids.lines) gids_.erase(line.outside);
  pool_.RemoveUse(maps);
  holdings_.erase(found);
}

}  // namespace sysbox::mgr
