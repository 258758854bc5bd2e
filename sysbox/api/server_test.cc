// The server, its manager binding and the client against one another over a
// real socket; the backend is a recorder.

#include "sysbox/api/server.h"

#include <unistd.h>

#include <cerrno>
#include <map>
#include <thread>

#include "absl/synchronization/mutex.h"
#include "catch2/catch.hpp"
#include "sysbox/api/client.h"
#include "sysbox/api/manager_server.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/process.h"
#include "sysbox/linux/socket.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"
#include "sysbox/wire/frame.h"

namespace sysbox::api {
namespace {

constexpr uint16_t Number(MessageId id) { return static_cast<uint16_t>(id); }

// Registers whatever it is asked to. "refuse" is refused with an errno.
class FakeBackend : public ManagerBackend {
 public:
  absl::StatusOr<Registered> Register(const Peer& peer,
                                      Registration registration) override {
    CHECK(peer.pid == getpid());
    if (registration.id == "refuse") return ErrnoStatus(EDQUOT, "no");
    Registered registered;
    registered.maps = registration.requested_maps.value_or(
        IdMaps{MapOnto({1000, registration.range_size}),
               MapOnto({2000, registration.range_size})});
    registered.shares_user_namespace =
        registration.shared_user_namespace.valid();
    registered.policy.honor_caps = true;
    containers_[registration.id] = {.id = registration.id,
                                    .bundle = registration.bundle,
                                    .rootfs = registration.rootfs,
                                    .pid = 0,
                                    .maps = registered.maps};
    return registered;
  }
  absl::Status Activate(const Peer&, const std::string& id,
                        Pidfd init) override {
    if (!init.Alive()) return FailedPrecondition("dead");
    containers_[id].pid = init.pid();
    return absl::OkStatus();
  }
  absl::StatusOr<std::string> AliasDns(const std::string& id) override {
    if (containers_.count(id) == 0) return absl::NotFoundError(id);
    return std::string("192.0.0.53");
  }
  absl::Status Unregister(const std::string& id) override {
    containers_.erase(id);
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<ContainerSummary>> List(const std::string& after,
                                                     size_t limit) override {
    std::vector<ContainerSummary> page;
    for (auto it = containers_.upper_bound(after);
         it != containers_.end() && page.size() < limit; ++it) {
      page.push_back(it->second);
    }
    return page;
  }

 private:
  std::map<std::string, ContainerSummary> containers_;
};

// A server in a thread of its own.
class Served {
 public:
  explicit Served(uid_t allowed_uid = geteuid()) {
    loop_ = VALUE_OF(EventLoop::Create());
    Fd listener = VALUE_OF(ListenUnix(SocketKind::kSeqPacket, path_, 0666));
    server_ = VALUE_OF(Server::Create(loop_.get(), std::move(listener),
                                      {allowed_uid, "server 1"}));
    ServeManager(server_.get(), &backend_);
    server_->OnHangup([this](const Peer&) {
      absl::MutexLock lock(&mu_);
      ++hangups_;
    });
    thread_ = std::thread([this] { (void)loop_->Run(); });
  }
  ~Served() {
    loop_->Stop();
    thread_.join();
  }
  const std::string& path() const { return path_; }
  void AwaitHangups(int count) {
    absl::MutexLock lock(&mu_);
    auto reached = [this, count] { return hangups_ >= count; };
    CHECK(mu_.AwaitWithTimeout(absl::Condition(&reached), absl::Seconds(10)));
  }

 private:
  testing::TempDir dir_;
  std::string path_ = dir_ / "socket";
  FakeBackend backend_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<Server> server_;
  absl::Mutex mu_;
  int hangups_ = 0;
  std::thread thread_;
};

wire::Connection Dial(const Served& served) {
  return wire::Connection(
      VALUE_OF(ConnectUnix(SocketKind::kSeqPacket, served.path())));
}

// The next frame's message, and its error text if it is an error. "end" when
// the server hung up.
std::string Answer(wire::Connection& connection) {
  auto frame = connection.Receive();
  if (ErrnoOf(frame.status()) == ECONNRESET) frame = connection.Receive();
  if (!frame.ok()) return frame.status().ToString();
  if (!frame->has_value()) return "end";
  const MessageInfo* info = FindMessage((*frame)->message);
  if (info == nullptr) return "?";
  if (info->id != MessageId::kError) return std::string(info->name);
  return VALUE_OF(json::Parse<ErrorReply>((*frame)->payload)).message;
}

void Greet(wire::Connection& connection) {
  REQUIRE_OK(
      connection.Send(Number(MessageId::kHello), 1, json::Write(Hello{}), {}));
  REQUIRE(Answer(connection) == "welcome");
}

Registration Named(const std::string& id) {
  Registration registration;
  registration.id = id;
  registration.bundle = "/bundle";
  registration.rootfs = "/rootfs";
  return registration;
}

TEST_CASE("a client registers, activates, lists and unregisters") {
  Served served;
  auto manager = VALUE_OF(ConnectManager(served.path(), "test"));
  const Registered registered = VALUE_OF(manager->Register(Named("web")));
  CHECK(registered.maps.uids == MapOnto({1000, 65536}));
  CHECK(registered.maps.gids == MapOnto({2000, 65536}));
  CHECK(registered.policy.honor_caps);
  CHECK_FALSE(registered.shares_user_namespace);
  const Pidfd self = VALUE_OF(OpenPidfd(getpid()));
  CHECK_OK(manager->Activate("web", self));
  // Not the manager's to answer.
  auto [ours, theirs] = VALUE_OF(SocketPair(SocketKind::kSeqPacket));
  CHECK_FALSE(manager->Listen("web", theirs).ok());
  const auto list = VALUE_OF(manager->List());
  REQUIRE(list.size() == 1);
  CHECK(list[0].id == "web");
  CHECK(list[0].bundle == "/bundle");
  CHECK(list[0].rootfs == "/rootfs");
  CHECK(list[0].pid == getpid());
  CHECK(list[0].maps == registered.maps);
  CHECK(VALUE_OF(manager->AliasDns("web")) == "192.0.0.53");
  CHECK_OK(manager->Unregister("web"));
  CHECK(absl::IsNotFound(manager->AliasDns("web").status()));
  CHECK(VALUE_OF(manager->List()).empty());
}

TEST_CASE("maps and a user namespace travel with a registration") {
  Served served;
  auto manager = VALUE_OF(ConnectManager(served.path()));
  Registration registration = Named("web");
  IdMap largest;  // the largest map the kernel takes
  for (uint32_t i = 0; i < 340; ++i) {
    largest.lines.push_back({4000000000u + i, 4100000000u + 2 * i, 1});
  }
  registration.requested_maps = IdMaps{largest, largest};
  registration.shared_user_namespace =
      VALUE_OF(Open("/proc/self/ns/user", {.flags = 0}));
  const Registered registered =
      VALUE_OF(manager->Register(std::move(registration)));
  CHECK(registered.maps.uids == largest);
  CHECK(registered.maps.gids == largest);
  CHECK(registered.shares_user_namespace);
}

TEST_CASE("a list longer than a frame comes in pages") {
  Served served;
  auto manager = VALUE_OF(ConnectManager(served.path()));
  for (int i = 0; i < 600; ++i) {
    Registration registration = Named(fmt::format("container{:04}", i));
    registration.bundle = std::string(400, 'b');
    REQUIRE_OK(manager->Register(std::move(registration)));
  }
  const auto list = VALUE_OF(manager->List());
  REQUIRE(list.size() == 600);
  CHECK(list[599].id == "container0599");
}

TEST_CASE("the backend's errors arrive with errno and text") {
  Served served;
  auto manager = VALUE_OF(ConnectManager(served.path()));
  const absl::Status status = manager->Register(Named("refuse")).status();
  CHECK(ErrnoOf(status) == EDQUOT);
  CHECK(MessageOf(status) == "no: Disk quota exceeded");
  CHECK_OK(manager->Register(Named("web")));  // the connection lives on
}

TEST_CASE("an absent daemon is one line that says how to start it") {
  testing::TempDir dir;
  const absl::Status status = ConnectManager(dir / "socket").status();
  CHECK(absl::IsUnavailable(status));
  CHECK(MessageOf(status) ==
        fmt::format("sysbox daemon is not running (connect {}/socket: No such "
                    "file or directory); start it with \"systemctl start "
                    "sysbox\" or \"sysbox daemon &\"",
                    dir.path()));
  // A stale socket file.
  (void)VALUE_OF(ListenUnix(SocketKind::kSeqPacket, dir / "socket", 0600));
  CHECK(absl::IsUnavailable(ConnectManager(dir / "socket").status()));
}

TEST_CASE("a daemon that went away in between is the same clear line") {
  auto served = std::make_unique<Served>();
  auto manager = VALUE_OF(ConnectManager(served->path()));
  REQUIRE_OK(manager->Register(Named("web")));
  served.reset();
  CHECK(absl::IsUnavailable(manager->Register(Named("web")).status()));
}

TEST_CASE("another user is told so and closed") {
  Served served(12345);
  auto manager = VALUE_OF(ConnectManager(served.path()));
  CHECK(MessageOf(manager->Register(Named("web")).status()) ==
        fmt::format("user {} may not use this socket", geteuid()));
}

TEST_CASE("another protocol is told who is who and closed") {
  Served served;
  wire::Connection connection = Dial(served);
  REQUIRE_OK(connection.Send(Number(MessageId::kHello), 1,
                             json::Write(Hello{99, "client 2"}), {}));
  (void)connection.Send(Number(MessageId::kList), 2, "{}", {});
  CHECK(Answer(connection) ==
        "the daemon (version server 1) speaks protocol 1, the caller (version "
        "client 2) 99; restart the daemon");
  CHECK(Answer(connection) == "end");
}

TEST_CASE("a bad frame is answered and costs that connection only") {
  struct Case {
    const char* what;
    MessageId message;
    std::string payload;
    size_t fds;
    const char* answer;
  };
  const Case kCases[] = {
      {"a reply", MessageId::kDone, "{}", 0, "message \"done\" is no request"},
      {"descriptors missing", MessageId::kActivate, R"({"id":"a","pid":1})", 0,
       "message \"activate\" with 0 descriptors"},
      {"descriptors too many", MessageId::kList, "{}", 1,
       "message \"list\" with 1 descriptors"},
      {"no JSON", MessageId::kList, "", 0, nullptr},
      {"a wrong type", MessageId::kUnregister, R"({"id":1})", 0,
       "unregister: id: expected a string, got a number"},
  };
  Served served;
  wire::Connection bystander = Dial(served);
  Greet(bystander);
  const Fd fd = VALUE_OF(MakeEventFd());
  for (const Case& bad : kCases) {
    INFO(bad.what);
    wire::Connection connection = Dial(served);
    Greet(connection);
    const std::vector<FdRef> fds(bad.fds, FdRef(fd));
    REQUIRE_OK(connection.Send(Number(bad.message), 2, bad.payload, fds));
    const std::string answer = Answer(connection);
    if (bad.answer != nullptr) CHECK(answer == bad.answer);
    CHECK(Answer(connection) == "end");
  }
  REQUIRE_OK(bystander.Send(Number(MessageId::kList), 3, "{}", {}));
  CHECK(Answer(bystander) == "listed");
}

TEST_CASE("nothing is served before the greeting") {
  Served served;
  wire::Connection connection = Dial(served);
  REQUIRE_OK(connection.Send(Number(MessageId::kList), 1, "{}", {}));
  CHECK(Answer(connection) == "message \"list\" before \"hello\"");
  CHECK(Answer(connection) == "end");
}

TEST_CASE("an unknown message is answered and the connection stays") {
  Served served;
  wire::Connection connection = Dial(served);
  Greet(connection);
  REQUIRE_OK(connection.Send(999, 2, "{}", {}));
  CHECK(Answer(connection) == "unknown message 999");
  REQUIRE_OK(connection.Send(Number(MessageId::kList), 3, "{}", {}));
  CHECK(Answer(connection) == "listed");
}

TEST_CASE("bytes that are no frame are answered and closed") {
  Served served;
  Fd socket = VALUE_OF(ConnectUnix(SocketKind::kSeqPacket, served.path()));
  REQUIRE_OK(SendMessage(socket, "garbage", {}));
  wire::Connection connection(std::move(socket));
  CHECK(Answer(connection) == "frame: 7 bytes, shorter than a header");
  CHECK(Answer(connection) == "end");
}

TEST_CASE("a client that does not read blocks nobody") {
  Served served;
  auto manager = VALUE_OF(ConnectManager(served.path()));
  for (int i = 0; i < 60; ++i) {
    Registration registration = Named(fmt::format("c{:02}", i));
    registration.bundle = std::string(1000, 'b');
    REQUIRE_OK(manager->Register(std::move(registration)));
  }
  wire::Connection lazy = Dial(served);
  Greet(lazy);
  REQUIRE_OK(SetNonBlocking(lazy.fd(), true));
  uint32_t asked = 0;
  absl::Status sent;
  while (sent.ok() && asked < 100000) {
    sent = lazy.Send(Number(MessageId::kList), asked + 2, "{}", {});
    if (sent.ok()) ++asked;
  }
  CHECK(ErrnoOf(sent) == EAGAIN);  // the server has stopped reading
  CHECK(VALUE_OF(manager->List()).size() == 60);
  // Everything asked is answered, in order, once he reads.
  REQUIRE_OK(SetNonBlocking(lazy.fd(), false));
  for (uint32_t i = 0; i < asked; ++i) {
    auto frame = VALUE_OF(lazy.Receive());
    REQUIRE(frame.has_value());
    REQUIRE(frame->request_id == i + 2);
  }
}

TEST_CASE("what a client sent before it hung up is still done") {
  Served served;
  {
    wire::Connection connection = Dial(served);
    REQUIRE_OK(connection.Send(Number(MessageId::kHello), 1,
                               json::Write(Hello{}), {}));
    REQUIRE_OK(connection.Send(Number(MessageId::kRegister), 2,
                               json::Write(ToRequest(Named("web"))), {}));
  }
  served.AwaitHangups(1);
  auto manager = VALUE_OF(ConnectManager(served.path()));
  CHECK(VALUE_OF(manager->List()).size() == 1);
}

}  // namespace
}  // namespace sysbox::api
