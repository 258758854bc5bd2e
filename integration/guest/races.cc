// A race against those who answer trapped calls: starts racers, kills and
// replaces them, and watches that nothing is done where it may not be and that
// no call is stuck. Prints "calls N", "done N", and a line for what was wrong.
#include "races.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "probe.h"

namespace probe {
namespace {

constexpr int64_t kSecond = 1000000000;
constexpr int64_t kPatience = 15 * kSecond;
constexpr size_t kPage = 4096;

void MustSucceed(const std::string& what, long result) {
  if (result >= 0) return;
  Report(what, result);
  exit(1);
}

void MakeLinks(const std::string& place, const char* one, const char* other) {
  MustSucceed("link", symlink(one, (place + "/link").c_str()));
  MustSucceed("link", symlink(other, (place + "/other-link").c_str()));
}

void SetUp() {
  umask(0);
  for (const char* name : {"", "/open", "/outside", "/kept", "/jail",
                           "/jail/in", "/cell", "/cell/in"}) {
    MustSucceed(name, mkdir((std::string(kRace) + name).c_str(), 0777));
  }
  MustSucceed("closed", mkdir(kClosed, 0700));
  MakeLinks(kRace, "open", "closed");
  MakeLinks("/tmp/race/jail", "in", "../outside");
  MakeLinks("/tmp/race/cell", "in", "/../outside");
  MustSucceed("kept", mount("kept", kKept, "proc", 0, nullptr));
  const int file = open("/tmp/race/read-only", O_CREAT | O_WRONLY, 0444);
  MustSucceed("read-only", ftruncate(file, kPage));
  close(file);
  // Fewer numbers, sooner used again; where the kernel gives us that.
  (void)Write("/proc/sys/kernel/pid_max", "512");
}

void Wrong(Arena* arena, const std::string& what) {
  if (++arena->wrong <= 20) Print("WRONG " + what);
}

void CheckNodes(Arena* arena) {
  // "child" is root's, who may.
  for (const std::string& name : Names(kClosed)) {
    if (name != "child") Wrong(arena, "closed/" + name);
  }
}

void CheckMounts(Arena* arena) {
  const std::string mounts = Read("/proc/self/mounts");
  if (mounts.find(std::string(" ") + kOutside) != std::string::npos) {
    Wrong(arena, "mounted outside");
  }
  if (mounts.find(std::string(" ") + kKept + " ") == std::string::npos) {
    Wrong(arena, "unmounted outside");
  }
}

// Some are made at the jails' roots, where those in it do not get rid of them.
void ClearMounts() {
  for (const char* jail : {"/tmp/race/jail", "/tmp/race/cell"}) {
    while (umount2(jail, MNT_DETACH) == 0) {
    }
  }
}

void CheckMemory(Arena* arena) {
  const std::string text = Read("/tmp/race/read-only");
  if (text != std::string(kPage, '\0')) Wrong(arena, "wrote to read-only");
}

// How long calls last by the watcher's own waking time: on a busy host all of
// us stand still together for longer than any call should last.
class Patience {
 public:
  void Check(Arena* arena) {
    const int64_t now = Nanoseconds();
    awake_ += std::min(now - last_, kSecond / 10);
    last_ = now;
    for (int i = 0; i < kLanes; ++i) Check(arena, i);
  }
  // Such a call is not ended by us, but watched.
  bool Watches(int lane) const {
    const Seen& seen = seen_[lane];
    return seen.since != 0 && awake_ - seen.first > kSecond;
  }

 private:
  struct Seen {
    int64_t since = 0;  // of the call
    int64_t first = 0;  // when it was first seen, awake
  };
  void Check(Arena* arena, int lane) {
    Seen& seen = seen_[lane];
    const int64_t since = arena->lanes[lane].since;
    if (since != seen.since) seen = {since, awake_};
    if (since == 0 || awake_ - seen.first < kPatience) return;
    Print("STUCK lane " + std::to_string(lane));
    arena->lanes[lane].since = 0;
    ++arena->wrong;
  }

  std::array<Seen, kLanes> seen_ = {};
  int64_t awake_ = 0;
  int64_t last_ = Nanoseconds();
};

// A child of ours, by a descriptor: numbers are soon another's here, and some
// racers kill by number.
class Child {
 public:
  template <typename Body>
  explicit Child(Body body) {
    const pid_t child = fork();
    if (child == 0) body();
    // It has its number until we wait for it, dead or not.
    if (child > 0) {
      process_ = static_cast<int>(syscall(SYS_pidfd_open, child, 0));
    }
  }
  Child(Child&& other) noexcept : process_(std::exchange(other.process_, -1)) {}
  Child& operator=(Child&& other) noexcept {
    std::swap(process_, other.process_);
    return *this;
  }
  ~Child() {
    if (process_ >= 0) close(process_);
  }

  // Whether it has ended by itself, or does within `milliseconds`.
  bool Ends(int milliseconds) const {
    pollfd ended = {process_, POLLIN, 0};
    return process_ < 0 || poll(&ended, 1, milliseconds) > 0;
  }
  // False: it does not die.
  bool End() const {
    if (process_ < 0) return true;
    syscall(SYS_pidfd_send_signal, process_, SIGKILL, nullptr, 0);
    return Ends(static_cast<int>(kPatience / 1000000));
  }

 private:
  int process_ = -1;  // -1: it could not be made
};

Child StartLane(Arena* arena, int lane) {
  return Child([=] { RunLane(arena, lane); });
}

void Replace(Arena* arena, std::vector<Child>* racers, int lane) {
  if (!(*racers)[lane].End()) {
    Print("STUCK process of lane " + std::to_string(lane));
    ++arena->wrong;
  }
  arena->lanes[lane].since = 0;
  (*racers)[lane] = StartLane(arena, lane);
}

Arena* MakeArena() {
  void* memory = mmap(nullptr, sizeof(Arena), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) exit(1);
  return new (memory) Arena();
}

void RaceUntil(Arena* arena, int64_t end) {
  std::vector<Child> racers;
  for (int i = 0; i < kLanes; ++i) racers.push_back(StartLane(arena, i));
  Patience patience;
  unsigned random = 1;
  while (Nanoseconds() < end) {
    random = random * 1664525 + 1013904223;
    const int lane = static_cast<int>(random >> 8) % kLanes;
    // One that another has killed left its call for ever.
    const bool ended = racers[lane].Ends(static_cast<int>(random % 20));
    if (ended || !patience.Watches(lane)) Replace(arena, &racers, lane);
    while (waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    CheckNodes(arena);
    CheckMounts(arena);
    ClearMounts();
    CheckMemory(arena);
    patience.Check(arena);
  }
  for (int i = 0; i < kLanes; ++i) {
    if (!racers[i].End()) Print("STUCK process of lane " + std::to_string(i));
  }
}

}  // namespace

int64_t Nanoseconds() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}

int Race(const Arguments& arguments) {
  SetUp();
  Arena* arena = MakeArena();
  const Child rewriter([&] { RewriteArguments(arena); });
  const Child swapper([] { SwapLinks(); });
  RaceUntil(arena, Nanoseconds() + atol(arguments.at(0).c_str()) * kSecond);
  rewriter.End();
  swapper.End();
  for (int i = 0; i < kLanes; ++i) {
    const Lane& lane = arena->lanes[i];
    Print("lane " + std::to_string(i) + " calls " +
          std::to_string(lane.calls.load()) + " done " +
          std::to_string(lane.done.load()));
  }
  return arena->wrong == 0 ? 0 : 1;
}

}  // namespace probe
