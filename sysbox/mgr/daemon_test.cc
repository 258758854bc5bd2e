#include "sysbox/mgr/daemon.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <thread>

#include "catch2/catch.hpp"
#include "sysbox/api/client.h"
#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/mgr/embedded_manager.h"
#include "sysbox/mgr/test_process.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::mgr {
namespace {

using ManagerPtr = std::unique_ptr<api::Manager>;

DaemonOptions OptionsFor(const testing::TempDir& dir) {
  DaemonOptions options;
  options.registration = OptionsBelow(dir);
  options.run_dir = dir / "run";
  options.version = "test";
  return options;
}

// A daemon in a thread of this process.
class RunningDaemon {
 public:
  explicit RunningDaemon(const testing::TempDir& dir)
      : daemon_(VALUE_OF(Daemon::Create(OptionsFor(dir)))),
        thread_([this] { status_ = daemon_->Run(); }) {}
  ~RunningDaemon() {
    daemon_->Stop();
    thread_.join();
    CHECK_OK(status_);
  }

 private:
  std::unique_ptr<Daemon> daemon_;
  absl::Status status_;
  std::thread thread_;
};

// The service manager's end of sd_notify(3).
class NotifySocket {
 public:
  explicit NotifySocket(const std::string& path) : path_(path) {
    fd_ = Fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    REQUIRE(path.size() < sizeof address.sun_path);
    memcpy(address.sun_path, path.data(), path.size());
    REQUIRE(bind(fd_.get(), reinterpret_cast<sockaddr*>(&address),
                 sizeof address) == 0);
  }
  std::string Receive() {
    char buffer[256];
    const ssize_t size = recv(fd_.get(), buffer, sizeof buffer, 0);
    return size < 0 ? "error" : std::string(buffer, static_cast<size_t>(size));
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  Fd fd_;
};

// `sysbox mgr` in a process of its own; returns when it is ready.
OwnedChild StartDaemonProcess(const testing::TempDir& dir,
                              NotifySocket* notify) {
  auto child = Clone({.flags = 0, .into_cgroup = {}});
  REQUIRE(child.ok());
  if (!child->has_value()) {
    (void)SetParentDeathSignal(SIGKILL);
    DaemonOptions options = OptionsFor(dir);
    options.notify_socket = notify->path();
    _exit(RunManagerDaemon(options).ok() ? 0 : 1);
  }
  REQUIRE(notify->Receive() == "READY=1");
  return **std::move(child);
}

ManagerPtr Connect(const testing::TempDir& dir) {
  return VALUE_OF(api::ConnectManager(dir / "run/sysbox.sock", "test"));
}

api::Registration Named(const std::string& id) {
  api::Registration registration;
  registration.id = id;
  return registration;
}

std::string Listed(api::Manager& manager) {
  std::string text;
  for (const auto& summary : VALUE_OF(manager.List())) {
    text += fmt::format("{}{}", text.empty() ? "" : " ", summary.id);
  }
  return text;
}

// Until the list is `expected`: each change of it comes with a line in the
// daemon's log, a pipe. Waiting for that line is waiting for the change.
class LogPipe {
 public:
  explicit LogPipe(const std::string& path) {
    REQUIRE(mkfifo(path.c_str(), 0600) == 0);
    // Read-write: neither open blocks, and no end of file.
    fd_ = VALUE_OF(Open(path, {.flags = O_RDWR}));
    REQUIRE_OK(ConfigureLog(
        {.level = LogLevel::kInfo, .format = LogFormat::kText, .path = path}));
  }
  ~LogPipe() { CHECK_OK(ConfigureLog({.path = ""})); }
  // Reads up to the first line with `text`.
  void Await(const std::string& text) {
    while (seen_.find(text) == std::string::npos) {
      char buffer[4096];
      const ssize_t size = read(fd_.get(), buffer, sizeof buffer);
      REQUIRE(size > 0);
      seen_.append(buffer, static_cast<size_t>(size));
    }
    seen_.erase(0, seen_.find(text) + text.size());
  }

 private:
  Fd fd_;
  std::string seen_;
};

TEST_CASE("files of a running daemon have the promised names and modes") {
  testing::TempDir dir;
  {
    RunningDaemon daemon(dir);
    auto mode = [&](const char* name) {
      return VALUE_OF(StatAt(FdRef::Cwd(), dir / name)).st_mode & 07777;
    };
    CHECK(mode("run") == 0700);
    CHECK(mode("run/sysbox.sock") == 0600);
    CHECK(mode("data") == 0710);
    CHECK(VALUE_OF(ReadFile(dir / "run/sysbox.pid")) ==
          fmt::format("{}\n", getpid()));
  }
  CHECK_FALSE(Exists(dir / "run/sysbox.sock"));
  CHECK_FALSE(Exists(dir / "run/sysbox.pid"));
}

TEST_CASE("a second daemon is refused, naming the first") {
  testing::TempDir dir;
  RunningDaemon daemon(dir);
  const absl::Status status = Daemon::Create(OptionsFor(dir)).status();
  CHECK(absl::IsAlreadyExists(status));
  CHECK(MessageOf(status) ==
        fmt::format("another instance is running: process {} ({}/run/"
                    "sysbox.pid)",
                    getpid(), dir.path()));
  CHECK(Listed(*Connect(dir)).empty());  // the first one still serves
}

TEST_CASE("a hang-up before activation frees the ids") {
  testing::TempDir dir;
  LogPipe log(dir / "log");
  RunningDaemon daemon(dir);
  OwnedChild init = StartIdleProcess();
  {
    ManagerPtr manager = Connect(dir);
    REQUIRE_OK(manager->Register(Named("pending")));
    REQUIRE_OK(manager->Register(Named("active")));
    REQUIRE_OK(manager->Activate("active", init.pidfd()));
  }
  log.Await("released pending");
  CHECK(Listed(*Connect(dir)) == "active");
}

TEST_CASE("a container that ends is released without anybody asking") {
  testing::TempDir dir;
  LogPipe log(dir / "log");
  RunningDaemon daemon(dir);
  ManagerPtr manager = Connect(dir);
  OwnedChild init = StartIdleProcess();
  const auto first = VALUE_OF(manager->Register(Named("web")));
  REQUIRE_OK(manager->Activate("web", init.pidfd()));
  init = OwnedChild();  // killed
  log.Await("released web: it has ended");
  CHECK(VALUE_OF(manager->Register(Named("next"))).maps == first.maps);
}

TEST_CASE("a daemon watches what an embedded manager registered") {
  testing::TempDir dir;
  LogPipe log(dir / "log");
  RunningDaemon daemon(dir);
  ManagerPtr manager = Connect(dir);
  ManagerPtr embedded = VALUE_OF(MakeEmbeddedManager(OptionsBelow(dir)));
  OwnedChild init = StartIdleProcess();
  const auto theirs = VALUE_OF(embedded->Register(Named("theirs")));
  REQUIRE_OK(embedded->Activate("theirs", init.pidfd()));
  CHECK(VALUE_OF(manager->Register(Named("ours"))).maps != theirs.maps);
  CHECK(Listed(*manager) == "ours theirs");
  init = OwnedChild();
  log.Await("released theirs: it has ended");
}

TEST_CASE("a killed daemon's successor adopts the living, frees the dead") {
  testing::TempDir dir;
  NotifySocket notify(dir / "notify");
  OwnedChild alive = StartIdleProcess(), dead = StartIdleProcess();
  OwnedChild first = StartDaemonProcess(dir, &notify);
  ManagerPtr manager = Connect(dir);
  const auto web = VALUE_OF(manager->Register(Named("web")));
  REQUIRE_OK(manager->Activate("web", alive.pidfd()));
  REQUIRE_OK(manager->Register(Named("gone")));
  REQUIRE_OK(manager->Activate("gone", dead.pidfd()));
  const auto unfinished = VALUE_OF(manager->Register(Named("unfinished")));

  first = OwnedChild();  // SIGKILL
  dead = OwnedChild();
  OwnedChild second = StartDaemonProcess(dir, &notify);
  CHECK(Listed(*Connect(dir)) == "unfinished web");
  // The runtime in the middle of a start does not notice.
  OwnedChild init = StartIdleProcess();
  CHECK_OK(manager->Activate("unfinished", init.pidfd()));
  CHECK(VALUE_OF(manager->Register(Named("more"))).maps != web.maps);

  REQUIRE_OK(second.pidfd().Signal(SIGTERM));
  CHECK(notify.Receive() == "STOPPING=1");
  CHECK(VALUE_OF(second.Wait()).ShellCode() == 0);
  CHECK_FALSE(Exists(dir / "run/sysbox.sock"));
}

TEST_CASE("the policy and the id mode are the daemon's") {
  testing::TempDir dir;
  DaemonOptions options = OptionsFor(dir);
  options.registration.policy.relaxed_read_only = true;
  options.registration.id_mode = IdMode::kShared;
  auto daemon = VALUE_OF(Daemon::Create(options));
  std::thread thread([&] { (void)daemon->Run(); });
  ManagerPtr manager = Connect(dir);
  const auto a = VALUE_OF(manager->Register(Named("a")));
  const auto b = VALUE_OF(manager->Register(Named("b")));
  CHECK(a.policy.relaxed_read_only);
  CHECK(a.maps == b.maps);
  daemon->Stop();
  thread.join();
}

}  // namespace
}  // namespace sysbox::mgr
