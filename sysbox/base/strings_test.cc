#include "sysbox/base/strings.h"

#include "catch2/catch.hpp"

namespace sysbox {
namespace {

TEST_CASE("whole decimal numbers parse") {
  CHECK(ParseUint64("18446744073709551615") == UINT64_MAX);
  CHECK(ParseInt64("-1") == -1);
}

TEST_CASE("anything else does not") {
  for (const char* text :
       {"", " 1", "1 ", "+1", "0x10", "1.5", "-1", "18446744073709551616"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseUint64(text).has_value());
  }
}

}  // namespace
}  // namespace sysbox
