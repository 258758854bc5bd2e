#include "sysbox/ids/subid_file.h"

#include "catch2/catch.hpp"

namespace sysbox {
namespace {

TEST_CASE("entries are read in order and other lines skipped") {
  const auto entries = ParseSubids(
      "# comment:1:2\n"
      "alice:100000:65536\n"
      "\n"
      "1000: 165536:65536 \n"
      "broken:1\n"
      "bob:x:65536\n"
      ":5:5\n"
      "empty:300000:0\n"
      "huge:4294967290:100\n"
      "beyond:4294967295:1\n"
      "sysbox:400000:65536");
  CHECK(entries == std::vector<SubidEntry>{{"alice", {100000, 65536}},
                                           {"1000", {165536, 65536}},
                                           {"huge", {4294967290u, 5}},
                                           {"sysbox", {400000, 65536}}});
}

TEST_CASE("an owner's largest sufficient entry is found") {
  const std::vector<SubidEntry> entries = {{"sysbox", {1, 10}},
                                           {"sysbox", {100, 20}},
                                           {"sysbox", {200, 20}},
                                           {"other", {300, 90}}};
  CHECK(FindEntry(entries, "sysbox", 10) == IdRange{100, 20});
  CHECK(FindEntry(entries, "sysbox", 21) == std::nullopt);
  CHECK(FindEntry(entries, "nobody", 1) == std::nullopt);
}

TEST_CASE("login.defs bounds the range") {
  const char* text =
      "# SUB_UID_MIN 1\nSUB_UID_MIN\t\t   200000\nSUB_UID_MAX 9999999999\n"
      "SUB_GID_MIN x\nSUB_GID_MAX 50\n";
  CHECK(ParseLoginDefs(text, "SUB_UID") == SubidLimits{200000, 4294967294u});
  CHECK(ParseLoginDefs(text, "SUB_GID") == SubidLimits{});
  CHECK(ParseLoginDefs("", "SUB_UID") == SubidLimits{100000, 600100000});
  CHECK(ParseLoginDefs("SUB_UID_MIN 0\n", "SUB_UID") == SubidLimits{});
}

TEST_CASE("a hole overlaps nobody and stays within limits") {
  const SubidLimits limits = {100, 199};
  CHECK(FindHole({}, limits, 100) == IdRange{100, 100});
  CHECK(FindHole({}, limits, 101) == std::nullopt);
  CHECK(FindHole({{150, 10}, {100, 20}}, limits, 30) == IdRange{120, 30});
  CHECK(FindHole({{150, 10}, {100, 20}}, limits, 31) == IdRange{160, 31});
  CHECK(FindHole({{150, 10}, {100, 20}}, limits, 41) == std::nullopt);
  CHECK(FindHole({{50, 60}}, limits, 10) == IdRange{110, 10});
  CHECK(FindHole({{100, 80}, {110, 5}}, limits, 20) == IdRange{180, 20});
  CHECK(FindHole({{0, 4294967295u}}, {1, 4294967294u}, 1) == std::nullopt);
}

TEST_CASE("adding an entry keeps everything else byte for byte") {
  const SubidEntry entry = {"sysbox", {100000, 65536}};
  CHECK(AppendEntry("", entry) == "sysbox:100000:65536\n");
  CHECK(AppendEntry("# x\n\n a:b \n", entry) ==
        "# x\n\n a:b \nsysbox:100000:65536\n");
  CHECK(AppendEntry("a:1:2", entry) == "a:1:2\nsysbox:100000:65536\n");
}

}  // namespace
}  // namespace sysbox
