#include "sysbox/launch/passwd.h"

#include "catch2/catch.hpp"

namespace sysbox::launch {
namespace {

constexpr char kPasswd[] =
    "root:x:0:0:root:/root:/bin/bash\n"
    "broken line\n"
    "short:x:5:5\n"
    "app:x:1000:1000::/srv/app:/bin/sh\n"
    "nohome:x:1001:1001:::/bin/sh\n"
    "late:x:1000:1000::/late:/bin/sh";

TEST_CASE("the first entry of a user tells the home") {
  CHECK(HomeOf(0, kPasswd) == "/root");
  CHECK(HomeOf(1000, kPasswd) == "/srv/app");
}

TEST_CASE("unknown users, bad lines and empty homes tell none") {
  CHECK(HomeOf(5, kPasswd) == std::nullopt);
  CHECK(HomeOf(1001, kPasswd) == std::nullopt);
  CHECK(HomeOf(4294967295, kPasswd) == std::nullopt);
  CHECK(HomeOf(0, "") == std::nullopt);
}

}  // namespace
}  // namespace sysbox::launch
