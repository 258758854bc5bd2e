// Which host ids are in use, and how often: id maps with a count of holders.
// Maps of different holdings never overlap on the host's side. A value.
#ifndef SYSBOX_MGR_ID_HOLDINGS_H_
#define SYSBOX_MGR_ID_HOLDINGS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "sysbox/ids/id_range.h"
#include "sysbox/ids/subid_pool.h"
#include "sysbox/mgr/journal_record.h"

namespace sysbox::mgr {

class IdHoldings {
 public:
  explicit IdHoldings(const SubidRanges& pool) : pool_(pool) {}
  IdHoldings(const IdHoldings&) = delete;
  IdHoldings& operator=(const IdHoldings&) = delete;

  const SubidPool& pool() const { return pool_; }
  // A range of the pool that nobody holds; ResourceExhausted.
  absl::StatusOr<IdMaps> FindFree(uint32_t size) const {
    return pool_.FindFree(size);
  }
  // Held maps of `size` ids whose source is kShared.
  std::optional<IdMaps> FindShared(uint32_t size) const;
  // Held maps other than `maps` that use one of its host ids.
  std::optional<IdMaps> FindOverlap(const IdMaps& maps) const;
  // Why exactly these maps are held; nullopt if they are not.
  std::optional<IdSource> SourceOf(const IdMaps& maps) const;

  // Adds a holder. `maps` must not overlap others; `source` counts for the
  // first holder.
  void Hold(const IdMaps& maps, IdSource source);
  // Removes one; without it, nothing happens.
  void Drop(const IdMaps& maps);

 private:
  struct Holding {
    IdMaps maps;
    IdSource source;
    uint32_t holders = 0;
  };
  struct Interval {
    uint64_t end;
    const Holding* holding;
  };
  using Intervals = std::map<uint32_t, Interval>;  // by first host id
  static const Holding* Overlapping(const Intervals& intervals,
                                    const IdMap& map, const IdMaps& except);

  SubidPool pool_;
  std::map<std::string, Holding> holdings_;  // by the maps' text
  Intervals uids_;
  Intervals gids_;
};

}  // namespace sysbox::mgr

#endif  // SYSBOX_MGR_ID_HOLDINGS_H_
