#include "sysbox/keeper/keeper.h"

#include <fcntl.h>
#include <linux/fuse.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "catch2/catch.hpp"
#include "fmt/format.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount.h"
#include "sysbox/linux/process.h"
#include "sysbox/linux/socket.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::keeper {
namespace {

// The service manager's end.
class ServiceManager {
 public:
  explicit ServiceManager(const std::string& path) : path_(path) {
    fd_ = Fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    REQUIRE(path.size() < sizeof address.sun_path);
    memcpy(address.sun_path, path.data(), path.size());
    REQUIRE(bind(fd_.get(), reinterpret_cast<sockaddr*>(&address),
                 sizeof address) == 0);
  }
  ReceivedMessage Next() {
    REQUIRE(VALUE_OF(WaitReadable(fd_, 20'000)));
    return VALUE_OF(ReceiveMessage(fd_, 4096, 8));
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  Fd fd_;
};

// A keeper in a process of its own; its workers report lines of text here.
class RunningKeeper {
 public:
  using Body = absl::StatusOr<int> (*)(KeeperClient&, FdRef report);

  RunningKeeper(Body body, std::string notify_socket,
                std::vector<std::pair<std::string, FdRef>> stored = {}) {
    auto pair = VALUE_OF(SocketPair(SocketKind::kSeqPacket));
    reports_ = std::move(pair.first);
    const pid_t child = fork();
    if (child == 0) {
      reports_.Reset();
      Run(body, std::move(notify_socket), stored, std::move(pair.second));
    }
    process_ = OwnedChild(child, Fd(dup(OpenPidfd(child)->fd().get())));
  }
  std::string Report() { return ReportWithFds().data; }
  ReceivedMessage ReportWithFds() {
    REQUIRE(VALUE_OF(WaitReadable(reports_, 20'000)));
    return VALUE_OF(ReceiveMessage(reports_, 4096, 1));
  }
  const Pidfd& process() const { return process_.pidfd(); }
  ExitStatus End() { return VALUE_OF(process_.Wait()); }

 private:
  [[noreturn]] static void Run(
      Body body, std::string notify_socket,
      const std::vector<std::pair<std::string, FdRef>>& stored, Fd report) {
    KeeperOptions options;
    options.notify_socket = std::move(notify_socket);
    Fd out(fcntl(report.get(), F_DUPFD_CLOEXEC, 100));
    int number = 3;
    for (const auto& [name, fd] : stored) {
      if (!DuplicateOnto(fd, number++).ok()) _exit(98);
      options.listen.names += (number == 4 ? "" : ":") + name;
    }
    if (!stored.empty()) {
      options.listen.fds = std::to_string(stored.size());
      options.listen.pid = std::to_string(getpid());
    }
    const absl::StatusOr<int> code = KeepWorker(
        options, [&](KeeperClient& keeper) { return body(keeper, out); });
    _exit(code.ok() ? *code : 99);
  }
  Fd reports_;
  OwnedChild process_;
};

absl::Status Say(FdRef report, const std::string& text) {
  return SendMessage(report, text, {});
}

[[noreturn]] void PauseForGood() {
  for (;;) pause();
}

// Reports "PID COUNT": how many workers have counted in the held file.
absl::StatusOr<int> CountWorkers(KeeperClient& keeper, FdRef report) {
  absl::StatusOr<Fd> file = keeper.Take("count");
  if (!file.ok()) {
    file = Fd(memfd_create("count", MFD_CLOEXEC));
    SYSBOX_RETURN_IF_ERROR(keeper.Hold("count", *file));
  }
  SYSBOX_RETURN_IF_ERROR(WriteAll(*file, "x"));
  SYSBOX_RETURN_IF_ERROR(keeper.Ready());
  SYSBOX_ASSIGN_OR_RETURN(const struct stat status, Stat(*file));
  SYSBOX_RETURN_IF_ERROR(
      Say(report, fmt::format("{} {}", getpid(), status.st_size)));
  PauseForGood();
}

TEST_CASE("what a worker gave away is there after it was killed") {
  RunningKeeper keeper(CountWorkers, "");
  for (int count = 1; count <= 20; ++count) {
    int pid = 0, counted = 0;
    REQUIRE(sscanf(keeper.Report().c_str(), "%d %d", &pid, &counted) == 2);
    CHECK(counted == count);
    REQUIRE(kill(pid, SIGKILL) == 0);
  }
  REQUIRE_OK(keeper.process().Signal(SIGTERM));
  CHECK(keeper.End().ShellCode() == 0);
}

TEST_CASE("the service manager is told, and given the same to store") {
  const testing::TempDir dir;
  ServiceManager manager(dir / "notify");
  RunningKeeper keeper(
      [](KeeperClient& client, FdRef report) -> absl::StatusOr<int> {
        SYSBOX_ASSIGN_OR_RETURN(const Fd signals, MakeSignalFd({SIGHUP}));
        const Fd event = *MakeEventFd();
        SYSBOX_RETURN_IF_ERROR(SignalEventFd(event));
        SYSBOX_RETURN_IF_ERROR(client.Hold("an.event", event));
        if (client.Hold("no name", event).ok()) return 1;
        SYSBOX_RETURN_IF_ERROR(client.Ready());
        SYSBOX_RETURN_IF_ERROR(Say(report, "up"));
        SYSBOX_RETURN_IF_ERROR(WaitReadable(signals, -1));
        client.Drop("an.event");
        client.Drop("never.there");
        SYSBOX_RETURN_IF_ERROR(client.Ready());
        PauseForGood();
      },
      manager.path());
  ReceivedMessage stored = manager.Next();
  CHECK(stored.data == "FDSTORE=1\nFDNAME=an.event");
  REQUIRE(stored.fds.size() == 1);
  CHECK(VALUE_OF(WaitReadable(stored.fds[0], 0)));  // the very same
  CHECK(manager.Next().data == "READY=1");
  CHECK(keeper.Report() == "up");
  REQUIRE_OK(keeper.process().Signal(SIGHUP));
  CHECK(manager.Next().data.rfind("RELOADING=1\nMONOTONIC_USEC=", 0) == 0);
  CHECK(manager.Next().data == "FDSTOREREMOVE=1\nFDNAME=an.event");
  CHECK(manager.Next().data == "READY=1");
  REQUIRE_OK(keeper.process().Signal(SIGTERM));
  CHECK(keeper.End().ShellCode() == 0);
}

TEST_CASE("what the service manager stored comes back by its names") {
  const Fd first = VALUE_OF(MakeMemoryFile("first", "1"));
  const Fd second = VALUE_OF(MakeMemoryFile("second", "2"));
  const testing::TempDir dir;
  ServiceManager manager(dir / "notify");
  RunningKeeper keeper(
      [](KeeperClient& client, FdRef report) -> absl::StatusOr<int> {
        std::string held;
        for (const std::string& name : client.Held()) held += name + " ";
        SYSBOX_ASSIGN_OR_RETURN(const Fd file, client.Take("b"));
        SYSBOX_ASSIGN_OR_RETURN(const std::string text, ReadAll(file));
        if (client.Take("b").ok()) return 1;
        SYSBOX_RETURN_IF_ERROR(client.Ready());  // "a" is nobody's
        SYSBOX_RETURN_IF_ERROR(Say(report, held + text));
        PauseForGood();
      },
      manager.path(), {{"a", first}, {"b", second}});
  CHECK(keeper.Report() == "a b 2");
  CHECK(manager.Next().data == "FDSTOREREMOVE=1\nFDNAME=a");
  CHECK(manager.Next().data == "READY=1");
  REQUIRE_OK(keeper.process().Signal(SIGINT));
  CHECK(manager.Next().data == "STOPPING=1");
  CHECK(keeper.End().ShellCode() == 0);
}

TEST_CASE("a worker that cannot start ends the keeper with its exit code") {
  RunningKeeper keeper(
      [](KeeperClient&, FdRef) -> absl::StatusOr<int> { return 7; }, "");
  CHECK(keeper.End().ShellCode() == 7);
}

TEST_CASE("a worker that ends well ends the keeper") {
  RunningKeeper keeper(
      [](KeeperClient& client, FdRef) -> absl::StatusOr<int> {
        SYSBOX_RETURN_IF_ERROR(client.Ready());
        return 0;
      },
      "");
  CHECK(keeper.End().ShellCode() == 0);
}

TEST_CASE("the worker dies with the keeper") {
  RunningKeeper keeper(CountWorkers, "");
  int pid = 0, counted = 0;
  REQUIRE(sscanf(keeper.Report().c_str(), "%d %d", &pid, &counted) == 2);
  const Pidfd worker = VALUE_OF(OpenPidfd(pid));
  REQUIRE_OK(keeper.process().Signal(SIGKILL));
  CHECK(keeper.End().signal == SIGKILL);
  CHECK(VALUE_OF(WaitReadable(worker.fd(), 20'000)));
}

// A FUSE file system that is nobody's but this process's: what it is asked is
// read, and not answered before somebody writes that answer.
class SilentFilesystem {
 public:
  absl::Status Mount() {
    SYSBOX_ASSIGN_OR_RETURN(device_, Open("/dev/fuse", {.flags = O_RDWR}));
    SYSBOX_ASSIGN_OR_RETURN(
        mount_, NewFilesystem("fuse", "silent",
                              {{"fd", fmt::format("{}", device_.get())},
                               {"rootmode", "40000"},
                               {"user_id", "0"},
                               {"group_id", "0"}},
                              0));
    SYSBOX_ASSIGN_OR_RETURN(const fuse_in_header init, ReadRequest());
    struct {
      fuse_out_header header;
      fuse_init_out body;
    } answer = {};
    answer.header.len = sizeof answer;
    answer.header.unique = init.unique;
    answer.body.major = FUSE_KERNEL_VERSION;
    answer.body.minor = FUSE_KERNEL_MINOR_VERSION;
    answer.body.max_write = 4096;
    return WriteAll(device_, Bytes(answer));
  }
  absl::StatusOr<fuse_in_header> ReadRequest() {
    SYSBOX_ASSIGN_OR_RETURN(const std::string packet,
                            ReadSome(device_, FUSE_MIN_READ_BUFFER));
    fuse_in_header header = {};
    if (packet.size() < sizeof header) return absl::DataLossError("request");
    memcpy(&header, packet.data(), sizeof header);
    return header;
  }
  static absl::Status Answer(FdRef device, uint64_t unique) {
    const fuse_out_header answer = {
        .len = sizeof answer, .error = -ENOENT, .unique = unique};
    return WriteAll(device, Bytes(answer));
  }
  FdRef device() const { return device_; }
  FdRef root() const { return mount_.fd(); }

 private:
  template <typename T>
  static std::string_view Bytes(const T& value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
  }
  Fd device_;
  DetachedMount mount_;
};

// The first worker gets stuck there with one of its threads, and reports
// "PID REQUEST" with the device on which that can be answered.
absl::StatusOr<int> GetStuck(KeeperClient& keeper, FdRef report) {
  if (keeper.Take("device").ok()) {
    SYSBOX_RETURN_IF_ERROR(keeper.Ready());
    SYSBOX_RETURN_IF_ERROR(Say(report, "successor"));
    PauseForGood();
  }
  SilentFilesystem silent;
  SYSBOX_RETURN_IF_ERROR(silent.Mount());
  std::thread([root = silent.root()] { (void)StatAt(root, "name"); }).detach();
  SYSBOX_ASSIGN_OR_RETURN(const fuse_in_header request, silent.ReadRequest());
  SYSBOX_RETURN_IF_ERROR(keeper.Hold("device", silent.device()));
  SYSBOX_RETURN_IF_ERROR(keeper.Ready());
  const FdRef device = silent.device();
  SYSBOX_RETURN_IF_ERROR(
      SendMessage(report, fmt::format("{} {}", getpid(), request.unique),
                  absl::MakeConstSpan(&device, 1)));
  PauseForGood();
}

TEST_CASE("a killed worker that the kernel does not let go is succeeded") {
  RunningKeeper keeper(GetStuck, "");
  const ReceivedMessage told = keeper.ReportWithFds();
  REQUIRE(told.fds.size() == 1);
  pid_t pid = 0;
  uint64_t unique = 0;
  REQUIRE(sscanf(told.data.c_str(), "%d %" SCNu64, &pid, &unique) == 2);
  const Pidfd first = VALUE_OF(OpenPidfd(pid));
  const auto let_go = [&] {
    REQUIRE_OK(SilentFilesystem::Answer(told.fds[0], unique));
    CHECK(VALUE_OF(WaitReadable(first.fd(), 20'000)));
  };
  REQUIRE(kill(pid, SIGKILL) == 0);
  CHECK(keeper.Report() == "successor");
  CHECK(first.Alive());
  SECTION("and reaped when it is let go") {
    let_go();
    while (Exists(fmt::format("/proc/{}", pid))) sched_yield();
    REQUIRE_OK(keeper.process().Signal(SIGTERM));
    CHECK(keeper.End().ShellCode() == 0);
  }
  SECTION("and does not keep the daemon from ending") {
    REQUIRE_OK(keeper.process().Signal(SIGTERM));
    CHECK(keeper.End().ShellCode() == 0);
    CHECK(first.Alive());
    let_go();
  }
}

TEST_CASE("a worker that the kernel does not let go can be stopped") {
  RunningKeeper keeper(GetStuck, "");
  const ReceivedMessage told = keeper.ReportWithFds();
  REQUIRE(told.fds.size() == 1);
  pid_t pid = 0;
  uint64_t unique = 0;
  REQUIRE(sscanf(told.data.c_str(), "%d %" SCNu64, &pid, &unique) == 2);
  REQUIRE_OK(keeper.process().Signal(SIGTERM));
  CHECK(keeper.End().ShellCode() == 0);
  REQUIRE_OK(SilentFilesystem::Answer(told.fds[0], unique));
}

TEST_CASE("what could not be dropped is dropped with the next message") {
  auto sockets = VALUE_OF(SocketPair(SocketKind::kSeqPacket));
  REQUIRE_OK(SetNonBlocking(sockets.first, true));
  REQUIRE_OK(SetNonBlocking(sockets.second, true));
  while (SendMessage(sockets.first, "full", {}).ok()) continue;
  KeeperClient client({}, std::move(sockets.first));
  client.Drop("a");
  const auto read = [&] {
    std::vector<std::string> packets;
    for (;;) {
      auto packet = ReceiveMessage(sockets.second, kMaxKeeperMessage, 1);
      if (!packet.ok()) return packets;
      if (packet->data != "full") packets.push_back(packet->data);
    }
  };
  CHECK(read().empty());
  REQUIRE_OK(client.Hold("b", sockets.second));
  CHECK(read() == std::vector<std::string>{"drop a", "hold b"});
  client.Drop("b");
  CHECK(read() == std::vector<std::string>{"drop b"});
}

TEST_CASE("messages to the keeper are what they say") {
  for (const KeeperMessage& message :
       {KeeperMessage{KeeperMessage::Kind::kHold, "fuse.abc.static"},
        KeeperMessage{KeeperMessage::Kind::kDrop, "x"},
        KeeperMessage{KeeperMessage::Kind::kReady, ""}}) {
    const KeeperMessage again =
        VALUE_OF(DecodeKeeperMessage(EncodeKeeperMessage(message)));
    CHECK(again.kind == message.kind);
    CHECK(again.name == message.name);
  }
  for (const char* bad : {"", "hold", "hold ", "hold a b", "hold a:b",
                          "ready x", "READY", "drop \n", " ready"}) {
    CHECK_FALSE(DecodeKeeperMessage(bad).ok());
  }
}

TEST_CASE("LISTEN_FDS is taken only if it is well formed and ours") {
  using Names = std::vector<std::string>;
  CHECK(VALUE_OF(ParseListenVariables({}, 5)).empty());
  CHECK(VALUE_OF(ParseListenVariables({"5", "2", "a:b"}, 5)) ==
        Names{"a", "b"});
  CHECK(VALUE_OF(ParseListenVariables({"6", "2", "a:b"}, 5)).empty());
  CHECK(VALUE_OF(ParseListenVariables({"5", "3", "a"}, 5)) ==
        Names{"a", "", ""});
  CHECK(VALUE_OF(ParseListenVariables({"5", "1", "a:b"}, 5)) == Names{"a"});
  CHECK_FALSE(ParseListenVariables({"", "1", "a"}, 5).ok());
  CHECK_FALSE(ParseListenVariables({"5", "x", "a"}, 5).ok());
  CHECK_FALSE(ParseListenVariables({"5", "99999999", "a"}, 5).ok());
}

}  // namespace
}  // namespace sysbox::keeper
