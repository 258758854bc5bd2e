// Those who race: trapped calls whose arguments, paths, roots, ids and very
// callers change while they are answered.
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <string>

#include "probe.h"
#include "races.h"

namespace probe {
namespace {

constexpr const char* kNodePaths[] = {
    "/tmp/race/open/node",
    "/tmp/race/closed/node",
    "/tmp/race/link/node",
    "/proc/1/root/tmp/race/closed/node",
    "/proc/self/root/tmp/race/closed/node",
    "/tmp/race/open/../closed/node",
    "/tmp/race/open/node/",
    "",
};
// In a jail. None is relative: while a thread changes its root, it stands
// outside of it for a moment.
constexpr const char* kMountPaths[] = {
    "/in", "/link",          "/in/../../outside", "/link/..",
    "/",   "/in/../../kept", "/outside",          "/../kept",
};
constexpr const char* kTypes[] = {"proc", "sysfs", "tmpfs", "ext4", ""};

// Runs a call in the watcher's sight.
template <typename Call>
long Watched(Lane& lane, Call call) {
  lane.since = Nanoseconds();
  const long result = call();
  const int error = errno;
  lane.since = 0;
  ++lane.calls;
  if (result >= 0) ++lane.done;
  errno = error;
  return result;
}

// User 1000 with CAP_MKNOD and nothing else.
void BecomeNodeMaker() {
  prctl(PR_SET_KEEPCAPS, 1);
  if (setgid(1000) != 0 || setuid(1000) != 0) _exit(1);
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  data[0].effective = data[0].permitted = 1U << CAP_MKNOD;
  if (syscall(SYS_capset, &header, data) != 0) _exit(1);
}

[[noreturn]] void MakeNodes(Arena* arena, Lane& lane) {
  BecomeNodeMaker();
  for (;;) {
    Watched(lane, [&] {
      return mknod(arena->node_path.data(), S_IFCHR | 0600, makedev(1, 3));
    });
    unlink("/tmp/race/open/node");
  }
}

// Its calls are interrupted all the time, and begin anew as another user.
void ChangeUser(int) {
  static bool root = true;
  root = !root;
  syscall(SYS_setresuid, -1, root ? 0 : 1000, 0);
}

[[noreturn]] void MakeNodesInterrupted(Lane& lane) {
  struct sigaction action = {};
  action.sa_handler = ChangeUser;
  sigaction(SIGALRM, &action, nullptr);
  const itimerval often = {{0, 300}, {0, 300}};
  setitimer(ITIMER_REAL, &often, nullptr);
  for (;;) {
    Watched(lane, [] {
      return mknod("/tmp/race/open/other", S_IFCHR | 0600, makedev(1, 5));
    });
    unlink("/tmp/race/open/other");
  }
}

// Numbers may have run out; there will be another like us.
void StartThread(void* (*body)(void*), void* argument) {
  pthread_t thread;
  if (pthread_create(&thread, nullptr, body, argument) != 0) _exit(1);
}

struct Roots {
  int jail;
  int cell;
};

// Another thread gives both another root while this one's call is answered.
void* ChangeRoots(void* argument) {
  const auto [jail, cell] = *static_cast<Roots*>(argument);
  for (bool to_cell = true;; to_cell = !to_cell) {
    if (fchdir(to_cell ? cell : jail) != 0 || chroot(".") != 0) _exit(1);
  }
}

[[noreturn]] void MountInJail(Arena* arena, Lane& lane, bool change_roots) {
  static Roots roots = {open("/tmp/race/jail", O_PATH | O_CLOEXEC),
                        open("/tmp/race/cell", O_PATH | O_CLOEXEC)};
  if (fchdir(roots.jail) != 0 || chroot(".") != 0) _exit(1);
  if (change_roots) StartThread(ChangeRoots, &roots);
  for (;;) {
    Watched(lane, [&] {
      return mount("race", arena->mount_path.data(), arena->type.data(), 0,
                   nullptr);
    });
    Watched(lane, [&] { return umount2(arena->mount_path.data(), 0); });
    umount2("/in", MNT_DETACH);
  }
}

// Each time in other namespaces; what it makes goes with it.
[[noreturn]] void Unshare(Lane& lane, bool user) {
  const int flags = user ? CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET
                         : CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS;
  if (unshare(flags) != 0) _exit(1);
  const char* type = user ? "sysfs" : "proc";
  for (int i = 0; i < 4; ++i) {
    Watched(lane, [&] { return mount("race", "/proc", type, 0, nullptr); });
    Watched(lane, [] { return umount2("/proc", 0); });
  }
  _exit(0);
}

constexpr size_t kPage = 4096;

void* MovePage(void* page) {
  for (;;) {
    mprotect(page, kPage, PROT_NONE);
    munmap(page, kPage);
    mmap(page, kPage, PROT_READ | PROT_WRITE,
         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  }
}

// The page that is to be written comes and goes.
[[noreturn]] void AskNumbers(Lane& lane) {
  const int file = open("/tmp/race/read-only", O_RDONLY | O_CLOEXEC);
  void* shared = mmap(nullptr, kPage, PROT_READ, MAP_SHARED, file, 0);
  void* page = mmap(nullptr, kPage, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  StartThread(MovePage, page);
  for (;;) {
    for (void* target : {shared, page}) {
      Watched(lane,
              [&] { return sysinfo(static_cast<struct sysinfo*>(target)); });
    }
  }
}

// As many short-lived processes as numbers allow, each with a call.
[[noreturn]] void ReusePids(Lane& lane) {
  signal(SIGCHLD, SIG_IGN);
  for (;;) {
    const pid_t child = fork();
    if (child == 0) {
      struct sysinfo numbers;
      sysinfo(&numbers);
      mknod("/tmp/race/closed/child", S_IFCHR | 0600, makedev(1, 7));
      unlink("/tmp/race/closed/child");
      _exit(0);
    }
    ++lane.calls;
    if (child > 0 && lane.calls % 3 == 0) kill(child, SIGKILL);
  }
}

}  // namespace

void RewriteArguments(Arena* arena) {
  const auto set = [](auto& where, const char* what) {
    // Byte by byte, so that what is read may be half of each.
    volatile char* to = where.data();
    do {
      *to++ = *what;
    } while (*what++ != '\0');
  };
  for (unsigned i = 0;; ++i) {
    set(arena->node_path, kNodePaths[i % std::size(kNodePaths)]);
    set(arena->mount_path, kMountPaths[i % std::size(kMountPaths)]);
    set(arena->type, kTypes[i % std::size(kTypes)]);
    const int64_t until = Nanoseconds() + i * 7919 % 4096;
    while (Nanoseconds() < until) {
    }
  }
}

void SwapLinks() {
  const auto swap = [](const std::string& place) {
    renameat2(AT_FDCWD, (place + "/link").c_str(), AT_FDCWD,
              (place + "/other-link").c_str(), RENAME_EXCHANGE);
  };
  for (;;) {
    swap(kRace);
    swap("/tmp/race/jail");
    swap("/tmp/race/cell");
  }
}

void RunLane(Arena* arena, int number) {
  Lane& lane = arena->lanes[number];
  switch (number % 8) {
    case 0:
    case 1:
      MakeNodes(arena, lane);
    case 2:
      MountInJail(arena, lane, /*change_roots=*/false);
    case 3:
      MountInJail(arena, lane, /*change_roots=*/true);
    case 4:
      Unshare(lane, number < 8);
    case 5:
      AskNumbers(lane);
    case 6:
      ReusePids(lane);
    default:
      MakeNodesInterrupted(lane);
  }
}

}  // namespace probe
