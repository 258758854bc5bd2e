#include "sysbox/wire/connection.h"

#include <cerrno>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/socket.h"
#include "sysbox/wire/frame.h"

namespace sysbox::wire {
namespace {

struct Pair {
  Pair() {
    auto ends = SocketPair(SocketKind::kSeqPacket);
    REQUIRE(ends.ok());
    raw = FdRef(ends->first.get());
    first = Connection(std::move(ends->first));
    second = Connection(std::move(ends->second));
  }
  Connection first, second;
  FdRef raw = FdRef(-1);
};

TEST_CASE("a frame arrives with its ids, payload and descriptors") {
  Pair pair;
  auto file = MakeMemoryFile("payload", "content");
  REQUIRE(file.ok());
  REQUIRE(pair.first.Send(42, 7, "{}", {FdRef(*file), FdRef(*file)}).ok());
  auto frame = pair.second.Receive();
  REQUIRE(frame.ok());
  REQUIRE(frame->has_value());
  CHECK((*frame)->message == 42);
  CHECK((*frame)->request_id == 7);
  CHECK((*frame)->payload == "{}");
  REQUIRE((*frame)->fds.size() == 2);
  CHECK(*ReadAll((*frame)->fds[1]) == "content");
}

TEST_CASE("frames keep their borders") {
  Pair pair;
  const std::string large(kMaxPayload, 'x');
  REQUIRE(pair.first.Send(1, 1, large, {}).ok());
  REQUIRE(pair.first.Send(2, 2, "", {}).ok());
  CHECK((*pair.second.Receive())->payload == large);
  CHECK((*pair.second.Receive())->message == 2);
}

TEST_CASE("a closed peer ends the conversation without an error") {
  Pair pair;
  pair.first = Connection();
  auto frame = pair.second.Receive();
  REQUIRE(frame.ok());
  CHECK_FALSE(frame->has_value());
  CHECK(ErrnoOf(pair.second.Send(1, 1, "", {})) == EPIPE);
}

TEST_CASE("a non-blocking connection says when it would block") {
  Pair pair;
  REQUIRE(SetNonBlocking(pair.second.fd(), true).ok());
  CHECK(ErrnoOf(pair.second.Receive().status()) == EAGAIN);
  const std::string large(kMaxPayload, 'x');
  absl::Status sent;
  for (int i = 0; i < 1000 && sent.ok(); ++i) {
    sent = pair.second.Send(1, 1, large, {});
  }
  CHECK(ErrnoOf(sent) == EAGAIN);
}

TEST_CASE("packets that are no frames are refused") {
  Pair pair;
  const Fd fd = *MakeEventFd();
  REQUIRE(SendMessage(pair.raw, "short", {}).ok());
  CHECK(absl::IsInvalidArgument(pair.second.Receive().status()));
  REQUIRE(SendMessage(pair.raw, *EncodePacket(1, 1, "", 0), {FdRef(fd)}).ok());
  CHECK(absl::IsInvalidArgument(pair.second.Receive().status()));
  REQUIRE(SendMessage(pair.raw, std::string(kMaxPacket + 1, 'x'), {}).ok());
  CHECK(absl::IsInvalidArgument(pair.second.Receive().status()));
  const std::vector<FdRef> many(kMaxFds + 1, FdRef(fd));
  REQUIRE(SendMessage(pair.raw, "x", many).ok());
  CHECK(absl::IsInvalidArgument(pair.second.Receive().status()));
}

}  // namespace
}  // namespace sysbox::wire
