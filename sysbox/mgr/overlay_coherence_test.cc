#include "sysbox/mgr/overlay_coherence.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <string>
#include <thread>

#include "catch2/catch.hpp"
#include "sysbox/linux/events.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount.h"
#include "sysbox/linux/mount_info.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::mgr {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

bool Until(const std::function<bool()>& condition) {
  const auto deadline = Clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (Clock::now() > deadline) return false;
    // layout: allow sleep: the other thread's turn, with a deadline
    std::this_thread::sleep_for(milliseconds(5));
  }
  return true;
}

absl::Status Touch(const std::string& path) {
  return Open(path, {.flags = O_WRONLY | O_CREAT, .mode = 0644}).status();
}

// An engine's overlay at `outside`, another over the same upper that is the
// root of a process ("inside"), and a coherence that knows both.
class Pair {
 public:
  explicit Pair(bool read_only = false) {
    static const bool unshared =
        Unshare(CLONE_NEWNS).ok() &&
        mount("", "/", "", MS_REC | MS_PRIVATE, nullptr) == 0;
    REQUIRE(unshared);
    for (const char* name :
         {"lower/d/e/f/low", "upper", "work", "work2", "a"}) {
      REQUIRE_OK(MakeDirectories(dir_ / name, 0755));
    }
    REQUIRE_OK(MountOverlay("work", read_only));
    StartInit(read_only);
    Prepare();
    coherence_->Start("c");
    Run();
  }
  ~Pair() {
    End();
    init_ = OwnedChild();
    (void)umount2((dir_ / "a").c_str(), MNT_DETACH);
  }

  // As when a daemon dies, and the next one comes.
  void End() {
    loop_->Stop();
    thread_.join();
    CHECK_OK(ran_);
    coherence_.reset();
  }
  void BeginAgain() {
    Prepare();
    coherence_->StartAll();
    Run();
  }

  std::string Outside(const std::string& name) { return dir_ / ("a/" + name); }
  std::string Inside(const std::string& name) {
    return fmt::format("/proc/{}/root/{}", init_.pid(), name);
  }
  std::string MountLine(bool inside) {
    const std::string path = inside ? Inside("") : Outside("");
    Fd root = VALUE_OF(Open(path, {.flags = O_PATH}));
    const MountInfo mount =
        VALUE_OF(inside ? MountOf(root, init_.pid()) : MountOf(root));
    return mount.options + " " + mount.super_options;
  }
  const std::string dir(const char* name) { return dir_ / name; }
  void EndInit() { init_ = OwnedChild(); }

  std::atomic<int> outside_count = 0;
  std::atomic<int> inside_count = 0;

 private:
  void Prepare() {
    loop_ = VALUE_OF(api::EventLoop::Create());
    coherence_ = VALUE_OF(OverlayCoherence::Create(
        loop_.get(), [this](const std::string&, bool inside) {
          ++(inside ? inside_count : outside_count);
        }));
    coherence_->Hold("c", dir_ / "a", VALUE_OF(IdentityOf(init_.pid())));
  }
  void Run() {
    REQUIRE(coherence_->size() == 1);
    thread_ = std::thread([this] { ran_ = loop_->Run(); });
  }
  absl::Status MountOverlay(const char* work, bool read_only) {
    const std::string options =
        fmt::format("lowerdir={0}/lower,upperdir={0}/upper,workdir={0}/{1}",
                    dir_.path(), work);
    if (mount("overlay", (dir_ / "a").c_str(), "overlay",
              read_only ? MS_RDONLY | MS_NOSUID : 0, options.c_str()) != 0) {
      return ErrnoStatus(errno, "mount overlay");
    }
    return absl::OkStatus();
  }
  void StartInit(bool read_only) {
    Fd ready = VALUE_OF(MakeEventFd());
    auto child = Clone({.flags = CLONE_NEWNS});
    REQUIRE_OK(child);
    if (!child->has_value()) {
      (void)SetParentDeathSignal(SIGKILL);
      if (!MountOverlay("work2", read_only).ok()) _exit(1);
      auto root = Open(dir_ / "a", {.flags = O_PATH});
      if (!root.ok() || !ChangeRoot(*root).ok()) _exit(2);
      if (!ChangeDirectory(*root).ok() || !SignalEventFd(ready).ok()) _exit(3);
      root->Reset();
      for (;;) pause();
    }
    init_ = **std::move(child);
    REQUIRE(VALUE_OF(WaitReadable(ready, 20000)));
  }

  testing::TempDir dir_;
  OwnedChild init_;
  std::unique_ptr<api::EventLoop> loop_;
  std::unique_ptr<OverlayCoherence> coherence_;
  absl::Status ran_;
  std::thread thread_;
};

TEST_CASE("what the container writes is seen outside, again and again") {
  Pair pair;
  for (const char* name : {"one", "d/two", "three"}) {
    const std::string outside = pair.Outside(name);
    REQUIRE_FALSE(Exists(outside));  // cached from now on
    REQUIRE_OK(Touch(pair.Inside(name)));
    CHECK(Until([&] { return Exists(outside); }));
  }
}

TEST_CASE("what the engine writes is seen inside, again and again") {
  Pair pair;
  for (const char* name : {"one", "d/two", "three"}) {
    const std::string inside = pair.Inside(name);
    REQUIRE_FALSE(Exists(inside));
    REQUIRE_OK(Touch(pair.Outside(name)));
    CHECK(Until([&] { return Exists(inside); }));
  }
}

TEST_CASE("a directory in use inside is adopted when the engine writes there") {
  Pair pair;
  const std::string deep = "d/e/f";
  // In use: neither its name nor those above it can be forgotten.
  const Fd used = VALUE_OF(Open(pair.Inside(deep), {.flags = O_RDONLY}));
  REQUIRE_FALSE(Exists(pair.Inside("d/e/f/late")));
  REQUIRE_OK(ChangeModeAt(FdRef::Cwd(), pair.Outside(deep), 0750));
  REQUIRE_OK(Touch(pair.Outside("d/e/f/late")));
  CHECK(Until([&] { return Exists(pair.Inside("d/e/f/late")); }));
  for (const char* name : {"d/e/f/own", "d/e/own", "d/own"}) {
    CHECK_OK(Touch(pair.Inside(name)));
    CHECK(Until([&] { return Exists(pair.Outside(name)); }));
  }
  CHECK(Exists(pair.Inside("d/e/f/low")));
  const struct stat mode = VALUE_OF(StatAt(FdRef::Cwd(), pair.Inside(deep)));
  CHECK((mode.st_mode & 07777) == 0750);
  CHECK(Until([&] { return !Exists(pair.dir("upper.sysbox-aside")); }));
}

// As dockerd does before it copies: a place for the old root of its
// pivot_root(2), in the new one.
void EnterAsEngine(Pair& pair) {
  const std::string place = pair.Outside(".pivot_root123");
  REQUIRE_OK(MakeDirectory(place, 0700));
  REQUIRE_OK(RemoveDirectory(place));
}

TEST_CASE("an empty directory that the engine makes is seen inside") {
  Pair pair;
  for (const char* name : {"one", "d/two", "d/e/f/three", "d/e/f/four"}) {
    const Fd used = VALUE_OF(Open(pair.Inside("d/e/f"), {.flags = O_RDONLY}));
    REQUIRE_FALSE(Exists(pair.Inside(name)));
    EnterAsEngine(pair);
    REQUIRE_OK(MakeDirectory(pair.Outside(name), 0755));
    CHECK(Until([&] { return Exists(pair.Inside(name)); }));
    CHECK_OK(Touch(pair.Inside(name + std::string("/own"))));
  }
}

TEST_CASE("what the engine makes while nobody watches is seen later") {
  Pair pair;
  for (const char* name : {"file", "directory"}) {
    REQUIRE_FALSE(Exists(pair.Inside(name)));
  }
  pair.End();
  REQUIRE_OK(Touch(pair.Outside("file")));
  REQUIRE_OK(MakeDirectory(pair.Outside("directory"), 0755));
  CHECK_FALSE(Exists(pair.Inside("file")));
  pair.BeginAgain();
  for (const char* name : {"file", "directory"}) {
    CHECK(Until([&] { return Exists(pair.Inside(name)); }));
  }
}

TEST_CASE("the mode that the engine gives a directory in use is kept") {
  Pair pair;
  const Fd used = VALUE_OF(Open(pair.Inside("d/e/f"), {.flags = O_RDONLY}));
  const auto mode = [](const std::string& path) {
    return VALUE_OF(StatAt(FdRef::Cwd(), path)).st_mode & 07777;
  };
  REQUIRE_OK(ChangeModeAt(FdRef::Cwd(), pair.Outside("d/e"), 0700));
  CHECK(Until([&] { return mode(pair.Inside("d/e")) == 0700; }));
  CHECK(mode(pair.dir("upper") + "/d/e") == 0700);
  CHECK_OK(Touch(pair.Inside("d/e/own")));
  CHECK_OK(Touch(pair.Outside("d/e/engines")));
  CHECK(ListDirectory(pair.dir("upper") + "/d/e")->size() == 2);
}

TEST_CASE("a container that changes its root directory is rarely refreshed") {
  Pair pair;
  const auto start = Clock::now();
  for (int i = 0; i < 2000; ++i) {
    REQUIRE_OK(MakeDirectory(pair.Inside(".pivot_root"), 0755));
    REQUIRE_OK(RemoveDirectory(pair.Inside(".pivot_root")));
  }
  const auto rests =
      (Clock::now() - start) / milliseconds(OverlayCoherence::kRestMs);
  CHECK(pair.inside_count <= rests + 1);
}

TEST_CASE("what an adoption that was killed has left aside comes back") {
  Pair pair;
  const Fd used = VALUE_OF(Open(pair.Inside("d/e/f"), {.flags = O_RDONLY}));
  const std::string aside = pair.dir("upper.sysbox-aside");
  REQUIRE_OK(MakeDirectories(aside + "/d%2Fe/x", 0700));
  REQUIRE_OK(MakeDirectories(aside + "/gone", 0700));
  REQUIRE_OK(Touch(pair.Outside("d/e/late")));
  for (const char* name : {"d/e/late", "d/e/x", "gone"}) {
    CHECK(Until([&] { return Exists(pair.Inside(name)); }));
  }
}

TEST_CASE("no link of the container's leads an adoption elsewhere") {
  Pair pair;
  const Fd used = VALUE_OF(Open(pair.Inside("d"), {.flags = O_RDONLY}));
  REQUIRE_OK(MakeDirectories(pair.dir("victim") + "/sub", 0700));
  REQUIRE_OK(Symlink(pair.dir("victim"), pair.Inside("link")));
  REQUIRE(Until([&] { return Exists(pair.Outside("link")); }));
  const int before = pair.inside_count;
  REQUIRE_OK(Touch(pair.Outside("link/sub/file")));  // no overlay's
  REQUIRE_OK(Touch(pair.Outside("d/file")));
  REQUIRE(Until([&] { return pair.inside_count > before; }));
  CHECK(ListDirectory(pair.dir("victim") + "/sub")->size() == 1);
}

TEST_CASE("once the engine has looked, it looks afresh: deletions are seen") {
  Pair pair;
  REQUIRE_OK(Touch(pair.Inside("d/gone")));
  REQUIRE(Until([&] { return Exists(pair.Outside("d/gone")); }));
  const int before = pair.outside_count;
  REQUIRE_OK(ListDirectory(pair.Outside("d")));
  REQUIRE(Until([&] { return pair.outside_count > before; }));
  REQUIRE_OK(Unlink(pair.Inside("d/gone")));
  CHECK_FALSE(Exists(pair.Outside("d/gone")));
}

TEST_CASE("a look that only mounts is followed by a refresh") {
  Pair pair;
  REQUIRE_FALSE(Exists(pair.Outside("d/made")));
  const int before = pair.outside_count;
  REQUIRE(mount("tmpfs", pair.Outside("d").c_str(), "tmpfs", 0, nullptr) == 0);
  REQUIRE(umount2(pair.Outside("d").c_str(), MNT_DETACH) == 0);
  REQUIRE(Until([&] { return pair.outside_count > before; }));
  REQUIRE_OK(MakeDirectory(pair.Inside("d/made"), 0755));
  CHECK(Until([&] { return Exists(pair.Outside("d/made")); }));
}

TEST_CASE("without coherence the same names stay unseen") {
  Pair pair;
  const int before = pair.outside_count;
  REQUIRE_FALSE(Exists(pair.Outside("d/made")));
  // A directory is no written file: nobody is told.
  REQUIRE_OK(MakeDirectory(pair.Inside("d/made"), 0755));
  CHECK_FALSE(Exists(pair.Outside("d/made")));
  CHECK(pair.outside_count == before);
}

TEST_CASE("a write while the container rests is seen when that ends") {
  Pair pair;
  const int before = pair.outside_count;
  REQUIRE_OK(Touch(pair.Inside("first")));
  REQUIRE(Until([&] { return pair.outside_count > before; }));
  REQUIRE_FALSE(Exists(pair.Outside("second")));
  REQUIRE_OK(Touch(pair.Inside("second")));
  CHECK(Until([&] { return Exists(pair.Outside("second")); }));
}

TEST_CASE("ten thousand written files cause a bounded number of refreshes") {
  Pair pair;
  const auto start = Clock::now();
  for (int i = 0; i < 10000; ++i) {
    REQUIRE_OK(Touch(pair.Inside("d/f" + std::to_string(i % 500))));
  }
  const auto rests =
      (Clock::now() - start) / milliseconds(OverlayCoherence::kRestMs);
  CHECK(pair.outside_count <= 2 * (rests + 2) + 1);
  CHECK(pair.inside_count == 0);
}

TEST_CASE("a refresh changes no option") {
  for (const bool read_only : {false, true}) {
    Pair pair(read_only);
    const std::string outside = pair.MountLine(false);
    const std::string inside = pair.MountLine(true);
    if (!read_only) {
      REQUIRE_OK(Touch(pair.Outside("x")));
      REQUIRE_OK(Touch(pair.Inside("y")));
      REQUIRE(Until([&] { return pair.inside_count > 0; }));
    }
    for (const std::string& path : {pair.Outside(""), pair.Inside("")}) {
      const Fd root = VALUE_OF(Open(path, {.flags = O_PATH}));
      REQUIRE_OK(RefreshFilesystem(root));
    }
    CHECK(pair.MountLine(false) == outside);
    CHECK(pair.MountLine(true) == inside);
    if (read_only) CHECK_ERRNO(EROFS, Touch(pair.Inside("x")));
  }
}

TEST_CASE("neither superblock is kept from being unmounted") {
  Pair pair;
  REQUIRE_OK(Touch(pair.Inside("x")));
  pair.EndInit();
  // Not lazily: it fails for as long as anybody holds it.
  CHECK(Until([&] { return umount2(pair.dir("a").c_str(), 0) == 0; }));
  CHECK_OK(RemoveTree(pair.dir("upper")));
}

TEST_CASE("a writer that waits for a fifo's reader is not let go") {
  Pair pair;
  const std::string fifo = pair.Inside("fifo");
  REQUIRE_OK(MakeNodeAt(FdRef::Cwd(), fifo, S_IFIFO | 0600, 0));
  // A writer that comes and goes, with a reader that does too.
  {
    const Fd reader = VALUE_OF(Open(fifo, {.flags = O_RDONLY | O_NONBLOCK}));
    const Fd writer = VALUE_OF(Open(fifo, {.flags = O_WRONLY}));
  }
  const int before = pair.outside_count;
  REQUIRE_OK(Touch(pair.Inside("x")));  // after it in the queue
  REQUIRE(Until([&] { return pair.outside_count > before; }));
  CHECK_ERRNO(ENXIO, Open(fifo, {.flags = O_WRONLY | O_NONBLOCK}));
}

TEST_CASE("a root that is no overlay is let go of") {
  auto loop = VALUE_OF(api::EventLoop::Create());
  auto coherence = VALUE_OF(OverlayCoherence::Create(loop.get()));
  coherence->Hold("c", "/", VALUE_OF(IdentityOf(getpid())));
  CHECK(coherence->size() == 1);
  coherence->StartAll();
  CHECK(coherence->size() == 0);
  coherence->Start("unknown");
  coherence->Release("unknown");
}

}  // namespace
}  // namespace sysbox::mgr
