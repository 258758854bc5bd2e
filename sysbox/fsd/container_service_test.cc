// The daemon's part with real FUSE mounts, looked at from outside through
// their descriptors. Needs root.

#include "sysbox/fsd/container_service.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "catch2/catch.hpp"
#include "sysbox/api/client.h"
#include "sysbox/api/event_loop.h"
#include "sysbox/api/server.h"
#include "sysbox/base/status.h"
#include "sysbox/ids/id_range.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/process.h"
#include "sysbox/linux/socket.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::fsd {
namespace {

using testing::TempDir;

constexpr char kSwappiness[] = "/proc/sys/vm/swappiness";
// The same as the static filesystem has it.
constexpr char kInMount[] = "proc/sys/vm/swappiness";

// A keeper that outlives the daemons of a test.
class FakeVault : public registry::DescriptorVault {
 public:
  absl::Status Hold(const std::string& name, FdRef fd) override {
    SYSBOX_ASSIGN_OR_RETURN(held_[name], Duplicate(fd));
    return absl::OkStatus();
  }
  void Drop(const std::string& name) override { held_.erase(name); }
  absl::StatusOr<Fd> Take(const std::string& name) override {
    const auto found = held_.find(name);
    if (found == held_.end()) return NotFound("{}", name);
    return Duplicate(found->second);  // a keeper keeps its own
  }
  size_t size() const { return held_.size(); }

 private:
  std::map<std::string, Fd> held_;
};

// A daemon of one part, whose loop runs while questions are asked.
class Daemon {
 public:
  Daemon(const TempDir& dir, FakeVault* vault) : socket_(dir / "socket") {
    part_ =
        VALUE_OF(MakeContainerService({.run_dir = dir.path(), .vault = vault}));
    loop_ = VALUE_OF(api::EventLoop::Create());
    server_ = VALUE_OF(api::Server::Create(
        loop_.get(),
        VALUE_OF(ListenUnix(SocketKind::kSeqPacket, socket_, 0600)), {}));
  }
  void Start() { REQUIRE_OK(part_->Start(loop_.get(), server_.get())); }
  api::DaemonPart& part() { return *part_; }

  // Only once.
  template <typename Body>
  void WithInspector(Body body) {
    std::thread thread([this] { (void)loop_->Run(); });
    body(*VALUE_OF(api::ConnectFileInspector(socket_)));
    loop_->Stop();
    thread.join();
  }

 private:
  std::string socket_;
  std::unique_ptr<api::DaemonPart> part_;
  std::unique_ptr<api::EventLoop> loop_;
  std::unique_ptr<api::Server> server_;
};

const IdMaps kMaps = {MapOnto({100000, 65536}), MapOnto({100000, 65536})};

// What the runtime gets for container "web".
api::EmulatedFilesystems Register(Daemon& daemon) {
  api::Registration asked;
  asked.id = "web";
  asked.emulate = true;
  api::Registered reply;
  reply.maps = kMaps;
  REQUIRE_OK(daemon.part().Register(asked, &reply));
  REQUIRE_OK(daemon.part().Activate("web", VALUE_OF(OpenPidfd(getpid()))));
  REQUIRE(reply.emulated.valid());
  return std::move(reply.emulated);
}

absl::StatusOr<std::string> ReadIn(FdRef mount, const std::string& path) {
  return ReadFileAt(mount, path);
}

// Whether one of several files, none of which was read before, is not served.
bool EndsSoon(FdRef mount) {
  for (const char* name :
       {"dirty_ratio", "dirty_background_ratio", "overcommit_ratio",
        "overcommit_memory", "max_map_count", "vfs_cache_pressure",
        "min_free_kbytes", "page-cluster", "laptop_mode", "stat_interval"}) {
    if (!ReadIn(mount, std::string("proc/sys/vm/") + name).ok()) return true;
    // layout: allow sleep: the end of a connection tells nobody
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  return false;
}

TEST_CASE("a container is served from its registration to its end") {
  TempDir dir;
  Daemon daemon(dir, nullptr);
  daemon.Start();
  const api::EmulatedFilesystems files = Register(daemon);
  REQUIRE_OK(WriteExistingAt(files.static_files, kInMount, "33\n"));
  CHECK(VALUE_OF(ReadIn(files.static_files, kInMount)) == "33\n");
  CHECK(VALUE_OF(StatAt(files.static_files, kInMount)).st_uid == 100000);
  CHECK(Exists(dir / "values/web"));
  daemon.part().Release("web");
  CHECK_FALSE(Exists(dir / "values/web"));
  // What the kernel has cached it still shows; more is not to be had, once a
  // thread that was just about to answer has let go.
  CHECK(EndsSoon(files.static_files));
  daemon.part().Release("web");
  daemon.part().Release("never heard of");
}

TEST_CASE("who does not ask for emulated files gets none") {
  TempDir dir;
  Daemon daemon(dir, nullptr);
  daemon.Start();
  api::Registration asked;
  asked.id = "web";
  api::Registered reply;
  reply.maps = kMaps;
  REQUIRE_OK(daemon.part().Register(asked, &reply));
  CHECK_FALSE(reply.emulated.valid());
}

TEST_CASE("a successor goes on where the daemon was") {
  TempDir dir;
  FakeVault vault;
  api::EmulatedFilesystems files;
  size_t own = 0;  // what is held whatever containers there are
  {
    Daemon daemon(dir, &vault);
    daemon.Start();
    own = vault.size();
    files = Register(daemon);
    REQUIRE_OK(WriteExistingAt(files.static_files, kInMount, "33\n"));
    CHECK(vault.size() == own + 2);
  }
  Daemon successor(dir, &vault);
  successor.part().Adopt({.id = "web",
                          .bundle = "",
                          .rootfs = "",
                          .pid = getpid(),
                          .maps = kMaps});
  successor.Start();
  CHECK(VALUE_OF(ReadIn(files.static_files, kInMount)) == "33\n");
  REQUIRE_OK(WriteExistingAt(files.static_files, kInMount, "44\n"));
  CHECK(VALUE_OF(ReadIn(files.static_files, kInMount)) == "44\n");
  successor.part().Release("web");
  CHECK(vault.size() == own);
}

TEST_CASE("people are told what a container is served and has stored") {
  TempDir dir;
  Daemon daemon(dir, nullptr);
  daemon.Start();
  const api::EmulatedFilesystems files = Register(daemon);
  REQUIRE_OK(WriteExistingAt(files.static_files, kInMount, "33\n"));
  daemon.WithInspector([](api::FileInspector& inspector) {
    CHECK(VALUE_OF(inspector.StoredValues("web")) ==
          "{\n    \"/proc/sys/vm/swappiness\": \"33\"\n}\n");
    CHECK(VALUE_OF(inspector.ReadFile("web", kSwappiness)) == "33\n");
    const std::string names =
        VALUE_OF(inspector.ListDirectory("web", "/proc/sys/vm"));
    CHECK(names.find("swappiness\n") != names.npos);
    CHECK(absl::IsNotFound(inspector.StoredValues("nobody").status()));
    CHECK(ErrnoOf(inspector.ReadFile("web", "/proc/sys/vm/no").status()) ==
          ENOENT);
    CHECK(absl::IsFailedPrecondition(
        inspector.ReadFile("web", "/proc/version").status()));
    CHECK_FALSE(inspector.ReadFile("web", "/proc/sys/vm").ok());
  });
}

}  // namespace
}  // namespace sysbox::fsd
