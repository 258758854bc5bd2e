#include "sysbox/linux/socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox {
namespace {

size_t OpenFiles() { return ListDirectory("/proc/self/fd")->size(); }

mode_t ModeOf(const std::string& path) {
  return StatAt(FdRef::Cwd(), path)->st_mode & 07777;
}

TEST_CASE("a message carries data and descriptors, close-on-exec") {
  for (SocketKind kind : {SocketKind::kSeqPacket, SocketKind::kStream}) {
    auto pair = SocketPair(kind);
    REQUIRE_OK(pair);
    const auto& [left, right] = *pair;
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    Fd read_end(ends[0]), write_end(ends[1]);
    REQUIRE_OK(SendMessage(left, "hello", {read_end, write_end}));
    const auto message = ReceiveMessage(right, 100, 2);
    REQUIRE_OK(message);
    CHECK(message->data == "hello");
    CHECK_FALSE(message->end_of_file);
    REQUIRE(message->fds.size() == 2);
    CHECK(fcntl(message->fds[0].get(), F_GETFD) == FD_CLOEXEC);
    CHECK(write(message->fds[1].get(), "x", 1) == 1);
    char byte = 0;
    CHECK(read(read_end.get(), &byte, 1) == 1);
    CHECK(byte == 'x');
  }
}

TEST_CASE("the most descriptors that the kernel takes pass at once") {
  auto [left, right] = *SocketPair(SocketKind::kSeqPacket);
  const std::vector<FdRef> fds(253, FdRef(left));
  REQUIRE_OK(SendMessage(left, "x", fds));
  CHECK(ReceiveMessage(right, 1, 253)->fds.size() == 253);
  CHECK_FALSE(
      SendMessage(left, "x", std::vector<FdRef>(254, FdRef(left))).ok());
}

TEST_CASE("packets stay apart, and the end is told") {
  auto pair = *SocketPair(SocketKind::kSeqPacket);
  REQUIRE_OK(SendMessage(pair.first, "a", {}));
  REQUIRE_OK(SendMessage(pair.first, "b", {}));
  pair.first.Reset();
  CHECK(ReceiveMessage(pair.second, 10, 0)->data == "a");
  CHECK(ReceiveMessage(pair.second, 10, 0)->data == "b");
  const auto end = ReceiveMessage(pair.second, 10, 0);
  REQUIRE_OK(end);
  CHECK(end->end_of_file);
  CHECK(end->data.empty());
}

TEST_CASE("an empty message is refused: it would read as the end") {
  auto [left, right] = *SocketPair(SocketKind::kSeqPacket);
  CHECK(absl::IsInvalidArgument(SendMessage(left, "", {left})));
}

TEST_CASE("sending to a peer that is gone is EPIPE, not a signal") {
  auto pair = *SocketPair(SocketKind::kStream);
  pair.second.Reset();
  CHECK_ERRNO(EPIPE, SendMessage(pair.first, "x", {}));
}

TEST_CASE("a message too large, or with too many descriptors, leaks nothing") {
  auto [left, right] = *SocketPair(SocketKind::kSeqPacket);
  const size_t before = OpenFiles();
  REQUIRE_OK(SendMessage(left, "12345", {left}));
  CHECK(MessageOf(ReceiveMessage(right, 4, 1).status()) ==
        "received message: over 4 bytes");
  for (size_t room : {size_t{0}, size_t{1}, size_t{2}}) {
    REQUIRE_OK(SendMessage(left, "x", {left, left, left}));
    CHECK(MessageOf(ReceiveMessage(right, 4, room).status()) ==
          fmt::format("received message: over {} descriptors", room));
  }
  CHECK(OpenFiles() == before);
  REQUIRE_OK(SendMessage(left, "next", {}));
  CHECK(ReceiveMessage(right, 4, 0)->data == "next");
}

TEST_CASE("a large message is sent whole through a stream") {
  auto pair = *SocketPair(SocketKind::kStream);
  REQUIRE_OK(SetNonBlocking(pair.first, true));
  const std::string sent(size_t{4} << 20, 'x');
  absl::Status status;
  std::thread sender([&] { status = SendMessage(pair.first, sent, {}); });
  size_t received = 0;
  while (received < sent.size()) {
    const auto part = ReceiveMessage(pair.second, 65536, 0);
    REQUIRE_OK(part);
    REQUIRE_FALSE(part->end_of_file);
    received += part->data.size();
  }
  sender.join();
  CHECK_OK(status);
  CHECK(received == sent.size());
}

TEST_CASE("a full non-blocking socket says EAGAIN and sends nothing") {
  auto [left, right] = *SocketPair(SocketKind::kSeqPacket);
  REQUIRE_OK(SetNonBlocking(left, true));
  absl::Status status;
  size_t sent = 0;
  while ((status = SendMessage(left, std::string(1000, 'x'), {})).ok()) ++sent;
  CHECK_ERRNO(EAGAIN, status);
  REQUIRE_OK(SetNonBlocking(right, true));
  size_t received = 0;
  while (ReceiveMessage(right, 1000, 0).ok()) ++received;
  CHECK(received == sent);
}

TEST_CASE("a client reaches a listener and each sees the other's ids") {
  testing::TempDir dir;
  const auto listener =
      ListenUnix(SocketKind::kSeqPacket, dir / "socket", 0600);
  REQUIRE_OK(listener);
  const auto client = ConnectUnix(SocketKind::kSeqPacket, dir / "socket");
  REQUIRE_OK(client);
  const auto server = Accept(*listener);
  REQUIRE_OK(server);
  CHECK(fcntl(server->get(), F_GETFD) == FD_CLOEXEC);
  const auto peer = CredentialsOf(*server);
  REQUIRE_OK(peer);
  CHECK(peer->pid == getpid());
  CHECK(peer->uid == geteuid());
  CHECK(peer->gid == getegid());
}

TEST_CASE("accepting without a client is EAGAIN when non-blocking") {
  testing::TempDir dir;
  const auto listener = ListenUnix(SocketKind::kStream, dir / "socket", 0600);
  REQUIRE_OK(SetNonBlocking(*listener, true));
  CHECK_ERRNO(EAGAIN, Accept(*listener));
}

TEST_CASE("a listener's file has exactly the mode asked for") {
  testing::TempDir dir;
  const mode_t before = umask(077);
  const auto open_to_all = ListenUnix(SocketKind::kStream, dir / "a", 0666);
  umask(0);
  const auto closed = ListenUnix(SocketKind::kStream, dir / "b", 0600);
  umask(before);
  CHECK(ModeOf(dir / "a") == 0666);
  CHECK(ModeOf(dir / "b") == 0600);
}

TEST_CASE("a stale socket file is replaced, a served one is not") {
  testing::TempDir dir;
  auto listener = ListenUnix(SocketKind::kStream, dir / "socket", 0600);
  REQUIRE_OK(listener);
  const auto second = ListenUnix(SocketKind::kStream, dir / "socket", 0600);
  CHECK_ERRNO(EADDRINUSE, second);
  listener->Reset();
  CHECK_OK(ListenUnix(SocketKind::kStream, dir / "socket", 0600));
}

TEST_CASE("a server too busy to accept is not taken for stale, nor awaited") {
  const testing::TempDir dir;
  const auto listener = ListenUnix(SocketKind::kStream, dir / "socket", 0600);
  REQUIRE_OK(listener);
  REQUIRE(listen(listener->get(), 0) == 0);
  const auto waiting = ConnectUnix(SocketKind::kStream, dir / "socket");
  REQUIRE_OK(waiting);  // fills the queue
  CHECK_ERRNO(EADDRINUSE,
              ListenUnix(SocketKind::kStream, dir / "socket", 0600));
  CHECK_ERRNO(EADDRINUSE,
              ListenUnix(SocketKind::kSeqPacket, dir / "socket", 0600));
}

TEST_CASE("a file that is no socket is never replaced") {
  testing::TempDir dir;
  REQUIRE_OK(ReplaceFile(dir / "file", "precious", 0600));
  REQUIRE_OK(Symlink(dir / "file", dir / "link"));
  for (const char* name : {"file", "link"}) {
    const auto listener = ListenUnix(SocketKind::kStream, dir / name, 0600);
    CHECK_ERRNO(EADDRINUSE, listener);
  }
  CHECK(*ReadFile(dir / "file") == "precious");
}

TEST_CASE("paths longer than an address work at both ends") {
  testing::TempDir dir;
  const std::string deep = dir / std::string(200, 'd');
  REQUIRE_OK(MakeDirectory(deep, 0700));
  const std::string path = deep + "/console.sock";
  auto listener = ListenUnix(SocketKind::kStream, path, 0640);
  REQUIRE_OK(listener);
  CHECK(ModeOf(path) == 0640);
  CHECK_OK(ConnectUnix(SocketKind::kStream, path));
  listener->Reset();
  CHECK_ERRNO(ECONNREFUSED, ConnectUnix(SocketKind::kStream, path));
  CHECK_OK(ListenUnix(SocketKind::kStream, path, 0640));  // stale
}

TEST_CASE("a path that cannot be an address is refused") {
  testing::TempDir dir;
  const SocketKind kind = SocketKind::kStream;
  CHECK_FALSE(ConnectUnix(kind, "").ok());
  // A leading NUL would name an abstract socket, open to everybody.
  CHECK_FALSE(ListenUnix(kind, std::string("\0abstract", 9), 0600).ok());
  CHECK_ERRNO(ENAMETOOLONG,
              ListenUnix(kind, dir / std::string(120, 'x'), 0600));
  CHECK(MessageOf(ConnectUnix(kind, "/nonexistent/s").status()) ==
        "connect /nonexistent/s: No such file or directory");
}

}  // namespace
}  // namespace sysbox
