#include "sysbox/linux/network.h"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>

#include "catch2/catch.hpp"
#include "sysbox/linux/fd.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/user_namespace.h"

namespace sysbox {
namespace {

TEST_CASE("loopback of a new network namespace comes up") {
  testing::RunInUserNamespace(CLONE_NEWNET, [] {
    REQUIRE_OK(BringUpLoopback());
    Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request = {};
    std::memcpy(request.ifr_name, "lo", sizeof "lo");
    REQUIRE(ioctl(socket.get(), SIOCGIFFLAGS, &request) == 0);
    CHECK((request.ifr_flags & IFF_UP) != 0);
  });
}

}  // namespace
}  // namespace sysbox
