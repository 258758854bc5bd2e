#include "sysbox/cgroups/cpu_list.h"

#include <vector>

#include "catch2/catch.hpp"

namespace sysbox::cgroups {
namespace {

using Numbers = std::vector<uint16_t>;

TEST_CASE("ranges and single numbers are listed") {
  CHECK(ParseCpuList("0-3,7\n") == Numbers{0, 1, 2, 3, 7});
  CHECK(ParseCpuList("5") == Numbers{5});
  CHECK(ParseCpuList("").empty());
}

TEST_CASE("what is no list is left out") {
  CHECK(ParseCpuList("x,2,3-,-4,9-8,1-99999999") == Numbers{2, 3});
}

TEST_CASE("numbers become the list they were read from") {
  for (const char* list : {"", "0", "0-3", "1,3-4,9", "0,2,4"}) {
    CHECK(FormatCpuList(ParseCpuList(list)) == list);
  }
}

}  // namespace
}  // namespace sysbox::cgroups
