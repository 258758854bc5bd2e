#include "sysbox/launch/sync.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::launch {
namespace {

struct Ends {
  SyncChannel launcher;
  SyncChannel init;
};

Ends MakeEnds() {
  auto pair = SyncChannel::Pair();
  REQUIRE_OK(pair.status());
  return {std::move(pair->first), std::move(pair->second)};
}

TEST_CASE("a descriptor rides in the message that names it") {
  Ends ends = MakeEnds();
  int pipe_fds[2];
  REQUIRE(pipe2(pipe_fds, O_CLOEXEC) == 0);
  Fd reader(pipe_fds[0]);
  Fd writer(pipe_fds[1]);
  FdRef sent[] = {writer};
  REQUIRE_OK(ends.init.Send(SyncMessage::kTerminal, 7, "pts/3", sent));
  auto packet = ends.launcher.Expect(SyncMessage::kTerminal);
  REQUIRE_OK(packet.status());
  CHECK(packet->value == 7);
  CHECK(packet->text == "pts/3");
  REQUIRE(packet->fds.size() == 1);
  REQUIRE(write(packet->fds[0].get(), "x", 1) == 1);
  char byte = 0;
  REQUIRE(read(reader.get(), &byte, 1) == 1);
  CHECK(byte == 'x');
}

TEST_CASE("a failing init reports errno and text") {
  Ends ends = MakeEnds();
  ends.init.SendError(Annotate(ErrnoStatus(EROFS, "mount proc"), "rootfs"));
  absl::Status got = ends.launcher.Expect(SyncMessage::kMounted).status();
  CHECK(ErrnoOf(got) == EROFS);
  CHECK(MessageOf(got) == "rootfs: mount proc: Read-only file system");
}

TEST_CASE("an init that dies is an error, not a hang") {
  Ends ends = MakeEnds();
  ends.init.Close();
  CHECK_FALSE(ends.launcher.Receive().ok());
}

TEST_CASE("only end of file counts as the end") {
  Ends ends = MakeEnds();
  // EAGAIN has the same absl code as an end of file once had.
  ends.init.SendError(ErrnoStatus(EAGAIN, "fork"));
  CHECK(ErrnoOf(ends.launcher.ExpectEnd()) == EAGAIN);
  REQUIRE_OK(ends.init.Send(SyncMessage::kPrepared));
  CHECK_FALSE(ends.launcher.ExpectEnd().ok());
  ends.init.Close();
  CHECK_OK(ends.launcher.ExpectEnd());
}

TEST_CASE("a message out of turn is an error") {
  Ends ends = MakeEnds();
  REQUIRE_OK(ends.init.Send(SyncMessage::kPrepared));
  CHECK_FALSE(ends.launcher.Expect(SyncMessage::kMounted).ok());
}

}  // namespace
}  // namespace sysbox::launch
