#include "sysbox/mgr/id_assignment.h"

#include "sysbox/base/status.h"
#include "sysbox/ids/id_map_text.h"

namespace sysbox::mgr {
namespace {

constexpr std::pair<IdMode, std::string_view> kModes[] = {
    {IdMode::kExclusive, "exclusive"},
    {IdMode::kShared, "shared"},
};

absl::StatusOr<IdAssignment> Join(const IdRequest& request,
                                  const Ledger& ledger) {
  const LedgerEntry* target =
      ledger.FindByUserNamespace(*request.user_namespace);
  if (target == nullptr) {
    return NotFound(
        "the network namespace to join belongs to user namespace user:[{}], "
        "which is no running sysbox container's",
        request.user_namespace->inode);
  }
  if (request.maps && *request.maps != target->maps) {
    return InvalidArgument(
        "id mappings differ from those of \"{}\", whose network namespace the "
        "container joins",
        target->id);
  }
  return IdAssignment{target->maps, IdSource::kJoined};
}

// The same maps may be used by many, as Docker's userns-remap does; ids that
// are another's own may not.
absl::StatusOr<IdAssignment> UseRequested(const IdMaps& maps,
                                          const Ledger& ledger) {
  std::optional<IdMaps> taken = ledger.holdings().FindOverlap(maps);
  if (!taken) {
    std::optional<IdSource> source = ledger.holdings().SourceOf(maps);
    if (!source || *source == IdSource::kRequested) {
      return IdAssignment{maps, IdSource::kRequested};
    }
    taken = maps;
  }
  const LedgerEntry* holder = ledger.FindHolder(*taken);
  return absl::AlreadyExistsError(
      fmt::format("requested ids {} overlap {}, which container \"{}\" uses",
                  DescribeHostIds(maps.uids), DescribeHostIds(taken->uids),
                  holder == nullptr ? "?" : holder->id));
}

}  // namespace

std::optional<IdMode> ParseIdMode(std::string_view text) {
  for (const auto& [mode, name] : kModes) {
    if (name == text) return mode;
  }
  return std::nullopt;
}

std::string_view Name(IdMode mode) {
  return kModes[static_cast<size_t>(mode)].second;
}

absl::StatusOr<IdAssignment> AssignIds(const IdRequest& request, IdMode mode,
                                       const Ledger& ledger) {
  if (request.user_namespace) return Join(request, ledger);
  if (request.maps) return UseRequested(*request.maps, ledger);
  const IdHoldings& holdings = ledger.holdings();
  if (mode == IdMode::kShared) {
    if (auto maps = holdings.FindShared(request.range_size)) {
      return IdAssignment{*std::move(maps), IdSource::kShared};
    }
  }
  SYSBOX_ASSIGN_OR_RETURN(IdMaps maps, holdings.FindFree(request.range_size));
  return IdAssignment{std::move(maps), mode == IdMode::kShared
                                           ? IdSource::kShared
                                           : IdSource::kExclusive};
}

}  // namespace sysbox::mgr
