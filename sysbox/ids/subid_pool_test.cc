#include "sysbox/ids/subid_pool.h"

#include <random>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"

namespace sysbox {
namespace {

constexpr uint32_t kUnit = SubidPool::kUnit;

IdMaps Units(const SubidRanges& ranges, uint32_t first, uint32_t count) {
  return {MapOnto({ranges.uids.first + first * kUnit, count * kUnit}),
          MapOnto({ranges.gids.first + first * kUnit, count * kUnit})};
}

TEST_CASE("4096 ranges come lowest first and the next one is refused") {
  const SubidRanges ranges = {{100000, 4096 * kUnit}, {200000, 4096 * kUnit}};
  SubidPool pool(ranges);
  for (uint32_t i = 0; i < 4096; ++i) {
    auto maps = pool.FindFree(kUnit);
    REQUIRE(maps.ok());
    REQUIRE(*maps == Units(ranges, i, 1));
    pool.AddUse(*maps);
  }
  CHECK(MessageOf(pool.FindFree(kUnit).status()) ==
        "id ranges exhausted: all 4096 ranges of the \"sysbox\" entry in "
        "/etc/subuid are in use (65536 ids each); remove containers or "
        "enlarge the entry");
  pool.RemoveUse(Units(ranges, 7, 1));
  CHECK(*pool.FindFree(1) == Units(ranges, 7, 1));
}

TEST_CASE("larger sizes are rounded up to adjacent units") {
  const SubidRanges ranges = {{0, 5 * kUnit + 99}, {0, 6 * kUnit}};
  SubidPool pool(ranges);
  CHECK(pool.unit_count() == 5);
  pool.AddUse(Units(ranges, 1, 1));
  CHECK(*pool.FindFree(kUnit + 1) == Units(ranges, 2, 2));
  CHECK(*pool.FindFree(3 * kUnit) == Units(ranges, 2, 3));
  CHECK(pool.FindFree(4 * kUnit).status().code() ==
        absl::StatusCode::kResourceExhausted);
  CHECK(pool.FindFree(0xffffffffu).status().code() ==
        absl::StatusCode::kResourceExhausted);
}

TEST_CASE("a unit is free when all that touch it are gone") {
  const SubidRanges ranges = {{1000, 3 * kUnit}, {1000, 3 * kUnit}};
  SubidPool pool(ranges);
  const IdMaps straddles = {MapOnto({1000 + kUnit - 1, 2}), {}};
  const IdMaps in_first = {{}, MapOnto({500, 501})};
  const IdMaps elsewhere = {MapOnto({0, 1000}), MapOnto({9000000, 1000})};
  pool.AddUse(straddles);
  pool.AddUse(in_first);
  pool.AddUse(elsewhere);
  CHECK(pool.free_units() == 1);
  pool.RemoveUse(straddles);
  CHECK(pool.free_units() == 2);
  CHECK(*pool.FindFree(1) == Units(ranges, 1, 1));
  pool.RemoveUse(in_first);
  pool.RemoveUse(elsewhere);
  CHECK(pool.free_units() == 3);
}

TEST_CASE("an entry without a whole unit has nothing to give") {
  SubidPool pool({{1000, 100}, {1000, 65536}});
  CHECK(pool.unit_count() == 0);
  CHECK_FALSE(pool.FindFree(1).ok());
}

TEST_CASE("the tree agrees with a linear search") {
  constexpr uint32_t kUnits = 37;
  const SubidRanges ranges = {{0, kUnits * kUnit}, {0, kUnits * kUnit}};
  SubidPool pool(ranges);
  std::vector<uint32_t> uses(kUnits);
  std::mt19937 random(1);
  for (int step = 0; step < 5000; ++step) {
    const uint32_t unit = random() % kUnits;
    if (uses[unit] > 0 && random() % 2 == 0) {
      --uses[unit];
      pool.RemoveUse(Units(ranges, unit, 1));
    } else {
      ++uses[unit];
      pool.AddUse(Units(ranges, unit, 1));
    }
    const uint32_t wanted = 1 + random() % 4;
    std::optional<uint32_t> expected;
    for (uint32_t i = 0, run = 0; i < kUnits && !expected; ++i) {
      run = uses[i] == 0 ? run + 1 : 0;
      if (run == wanted) expected = i + 1 - wanted;
    }
    auto found = pool.FindFree(wanted * kUnit);
    REQUIRE(found.ok() == expected.has_value());
    if (expected) REQUIRE(*found == Units(ranges, *expected, wanted));
  }
}

}  // namespace
}  // namespace sysbox
