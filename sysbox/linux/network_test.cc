#include "sysbox/linux/network.h"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/linux/fd.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/user_namespace.h"

namespace sysbox {
namespace {

TEST_CASE("loopback of a new network namespace comes up") {
  REQUIRE_OK(testing::RunInUserNamespace(CLONE_NEWNET, [] {
    SYSBOX_RETURN_IF_ERROR(BringUpLoopback());
    Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request = {};
    std::memcpy(request.ifr_name, "lo", sizeof "lo");
    RETURN_UNLESS(ioctl(socket.get(), SIOCGIFFLAGS, &request) == 0);
    RETURN_UNLESS((request.ifr_flags & IFF_UP) != 0);
    return absl::OkStatus();
  }));
}

}  // namespace
}  // namespace sysbox
