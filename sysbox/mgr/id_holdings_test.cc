#include "sysbox/mgr/id_holdings.h"

#include "catch2/catch.hpp"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::mgr {
namespace {

constexpr SubidRanges kPool = {{100000, 3 * 65536}, {500000, 3 * 65536}};

IdMaps Both(uint32_t first, uint32_t size) {
  return {MapOnto({first, size}), MapOnto({first, size})};
}

TEST_CASE("ids are free again when their last holder drops them") {
  IdHoldings holdings(kPool);
  const IdMaps first = VALUE_OF(holdings.FindFree(65536));
  CHECK(first.uids == MapOnto({100000, 65536}));
  CHECK(first.gids == MapOnto({500000, 65536}));
  holdings.Hold(first, IdSource::kExclusive);
  holdings.Hold(first, IdSource::kJoined);
  CHECK(holdings.SourceOf(first) == IdSource::kExclusive);
  CHECK(VALUE_OF(holdings.FindFree(65536)) != first);
  holdings.Drop(first);
  CHECK(VALUE_OF(holdings.FindFree(65536)) != first);
  holdings.Drop(first);
  CHECK(VALUE_OF(holdings.FindFree(65536)) == first);
  CHECK(holdings.SourceOf(first) == std::nullopt);
  holdings.Drop(first);  // nothing happens
  CHECK(holdings.pool().free_units() == 3);
}

TEST_CASE("overlap is found on either side, except with the same maps") {
  IdHoldings holdings(kPool);
  const IdMaps low = Both(1000, 100), high = Both(4294967290u, 5);
  holdings.Hold(low, IdSource::kRequested);
  holdings.Hold(high, IdSource::kRequested);
  CHECK(holdings.FindOverlap(low) == std::nullopt);
  CHECK(holdings.FindOverlap(Both(1099, 1)) == low);
  CHECK(holdings.FindOverlap(Both(900, 101)) == low);
  CHECK(holdings.FindOverlap(Both(1100, 50)) == std::nullopt);
  CHECK(holdings.FindOverlap(Both(900, 100)) == std::nullopt);
  CHECK(holdings.FindOverlap(Both(4294967294u, 1)) == high);
  CHECK(holdings.FindOverlap({MapOnto({1, 1}), MapOnto({1050, 1})}) == low);
  // Same host ids, other places inside: not the same maps.
  const IdMap shifted = {{{1, 1000, 100}}};
  CHECK(holdings.FindOverlap({shifted, shifted}) == low);
  // One line that spans several holdings.
  CHECK(holdings.FindOverlap(Both(1, 4294967294u)).has_value());
}

TEST_CASE("requested ids keep the pool from giving them away") {
  IdHoldings holdings(kPool);
  holdings.Hold({MapOnto({100000 + 65535, 2}), MapOnto({1, 1})},
                IdSource::kRequested);
  CHECK(VALUE_OF(holdings.FindFree(1)).uids ==
        MapOnto({100000 + 2 * 65536, 65536}));
}

}  // namespace
}  // namespace sysbox::mgr
