#include "sysbox/launch/host_network.h"

#include <string>

#include "catch2/catch.hpp"

namespace sysbox::launch {
namespace {

TEST_CASE("sysctls of a network are told by their names") {
  CHECK(IsNetworkSysctl("net.ipv4.ip_forward"));
  CHECK(IsNetworkSysctl("net/ipv4/conf/eth0.1/forwarding"));
  CHECK_FALSE(IsNetworkSysctl("kernel.shmmax"));
  CHECK_FALSE(IsNetworkSysctl("network.x"));
}

TEST_CASE("groups that may ping have their names on the host") {
  const IdMap groups = {{{0, 100000, 1000}, {1000, 300000, 64536}}};
  CHECK(HostPingGroups("0 0", groups) == "100000 100000");
  CHECK(HostPingGroups("5\t10", groups) == "100005 100010");
  CHECK(HostPingGroups("0 2147483647", groups) == "100000 100999");
  CHECK(HostPingGroups("1001 2000", groups) == "300001 301000");
  for (const std::string odd : {"1 0", "x y", "", "7", "99999 99999"}) {
    CHECK(HostPingGroups(odd, groups) == odd);
  }
}

}  // namespace
}  // namespace sysbox::launch
