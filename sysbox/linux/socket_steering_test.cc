#include "sysbox/linux/socket_steering.h"

#include <sched.h>
#include <unistd.h>

#include <string>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/inet_socket.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/linux/network.h"
#include "sysbox/linux/socket.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox {
namespace {

constexpr InetEndpoint kAlias = {0xc0000035, 53};

// The test's process moves to a network namespace of its own; false where it
// may not, or may not load programs.
bool EnterOwnNetwork() {
  if (geteuid() != 0 || !Unshare(CLONE_NEWNET).ok() ||
      !ProbeSocketSteering().ok()) {
    WARN("needs root, and a kernel with sk_lookup programs");
    return false;
  }
  REQUIRE_OK(BringUpLoopback());
  REQUIRE_OK(AddLoopbackAddress(kAlias.address));
  REQUIRE_OK(AddLoopbackAddress(kAlias.address));  // again: fine
  return true;
}

std::string Received(FdRef socket) {
  if (!VALUE_OF(WaitReadable(socket, 10000))) return "nothing";
  return VALUE_OF(ReceiveDatagram(socket, 100)).data;
}

TEST_CASE("packets reach sockets that are bound elsewhere") {
  if (!EnterOwnNetwork()) return;
  const Fd udp = VALUE_OF(BindInet(InetKind::kUdp, {kAlias.address, 0}));
  const Fd tcp = VALUE_OF(BindInet(InetKind::kTcp, {kAlias.address, 0}));
  const Fd ns = VALUE_OF(OpenOwnNamespace(NamespaceType::kNetwork));
  const Fd steering = VALUE_OF(SteerToSockets(ns, kAlias, udp, tcp));
  // The port is anybody's still.
  const Fd other = VALUE_OF(BindInet(InetKind::kUdp, {0, kAlias.port}));
  const Fd client = VALUE_OF(ConnectInet(InetKind::kUdp, kAlias));
  CHECK(VALUE_OF(SendSome(client, "query")) == 5);
  CHECK(Received(udp) == "query");
  const Fd elsewhere =
      VALUE_OF(ConnectInet(InetKind::kUdp, {0x7f000001, kAlias.port}));
  CHECK(VALUE_OF(SendSome(elsewhere, "other's")) == 7);
  CHECK(Received(other) == "other's");
  const Fd stream = VALUE_OF(ConnectInet(InetKind::kTcp, kAlias));
  REQUIRE(VALUE_OF(WaitReadable(tcp, 10000)));
  CHECK_OK(Accept(tcp));
}

}  // namespace
}  // namespace sysbox
