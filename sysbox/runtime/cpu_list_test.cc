#include "sysbox/runtime/cpu_list.h"

#include <vector>

#include "catch2/catch.hpp"

namespace sysbox::runtime {
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

}  // namespace
}  // namespace sysbox::runtime
