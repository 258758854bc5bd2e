#include "sysbox/ids/id_range.h"

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/ids/id_map_text.h"

namespace sysbox {
namespace {

std::string Complaint(const IdMap& map) {
  return std::string(MessageOf(ValidateIdMap(map, "linux.uidMappings")));
}

TEST_CASE("a map tells the host id of an id inside") {
  const IdMap map = {{{0, 100000, 10}, {20, 500, 1}}};
  CHECK(map.ToHost(0) == 100000);
  CHECK(map.ToHost(9) == 100009);
  CHECK(map.ToHost(10) == std::nullopt);
  CHECK(map.ToHost(20) == 500);
  CHECK(MapOnto({231072, 65536}).ToHost(65535) == 296607);
}

TEST_CASE("ranges overlap only when they share an id") {
  CHECK(IdRange{0, 10}.Overlaps({9, 1}));
  CHECK_FALSE(IdRange{0, 10}.Overlaps({10, 1}));
  CHECK(IdRange{4294967290u, 5}.Overlaps({4294967294u, 1}));
}

TEST_CASE("an id map that the kernel would refuse names its field") {
  CHECK(Complaint({}) == "linux.uidMappings: is empty");
  CHECK(Complaint({{{0, 1000, 0}}}) ==
        "linux.uidMappings[0].size: must not be 0");
  CHECK(Complaint({{{0, 4294967000u, 65536}}}) ==
        "linux.uidMappings[0]: host ids 4294967000+65536 exceed 4294967294");
  CHECK(Complaint({{{4294967295u, 5, 1}}}) ==
        "linux.uidMappings[0]: container ids 4294967295+1 exceed 4294967294");
  CHECK(Complaint({{{0, 1000, 10}, {5, 2000, 10}}}) ==
        "linux.uidMappings: container id 5 is mapped twice");
  CHECK(Complaint({{{0, 1000, 10}, {10, 1009, 10}}}) ==
        "linux.uidMappings: host id 1009 is mapped twice");
  CHECK(Complaint({{{1, 1000, 10}}}) ==
        "linux.uidMappings: container id 0 is not mapped");
  CHECK(Complaint({{{0, 0, 10}}}) ==
        "linux.uidMappings: container id 0 must not map to host id 0");
  IdMap many;
  for (uint32_t i = 0; i < 341; ++i) many.lines.push_back({i, 1000 + i, 1});
  CHECK(Complaint(many) ==
        "linux.uidMappings: has 341 lines, the kernel takes 340");
  many.lines.pop_back();
  CHECK(Complaint(many).empty());
}

TEST_CASE("an id map survives its text") {
  const IdMap map = {{{0, 100000, 65536}, {65536, 4294967294u, 1}}};
  const std::string text = FormatIdMap(map);
  CHECK(text == "0 100000 65536,65536 4294967294 1");
  CHECK(*ParseIdMap(text) == map);
  CHECK(ParseIdMap("")->lines.empty());
  CHECK(DescribeHostIds(map) == "100000-165535,4294967294-4294967294");
}

TEST_CASE("id map text of another shape is refused") {
  for (const char* text : {"0", "0 1", "0 1 2 3", "0  1 2", "a 1 2", ",",
                           "0 1 2,", "0 1 4294967296", "-1 0 1", "0 1 2\n"}) {
    INFO(text);
    CHECK_FALSE(ParseIdMap(text).ok());
  }
}

}  // namespace
}  // namespace sysbox
