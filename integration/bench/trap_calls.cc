// usage: trap_calls [--floor [NAME...]]
//
// What single system calls cost where this runs. Prints "CALL MICROSECONDS"
// lines: medians. Needs to be root of its namespaces, a mount namespace of its
// own among them. With --floor the trapped ones are answered by a supervisor
// that does the least, and puts something over each NAME of a new procfs.

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <vector>

#include "integration/bench/dressed_floor.h"
#include "integration/bench/trap_floor.h"

namespace {

using Clock = std::chrono::steady_clock;

// One call, and what undoes it, untimed. False: it failed.
struct Case {
  const char* name;
  int rounds;
  int repeat;  // calls per timing, of those too short for a clock
  bool (*call)();
  void (*undo)();
};

void Nothing() {}

constexpr Case kCases[] = {
    // Never trapped: what the filter itself costs.
    {"getppid", 200, 1000, [] { return syscall(SYS_getppid) >= 0; }, Nothing},
    {"mknod-fifo", 300, 1,
     [] { return mknod("/tmp/f", S_IFIFO | 0600, 0) == 0; },
     [] { unlink("/tmp/f"); }},
    {"sysinfo", 1000, 1,
     [] {
       struct sysinfo info;
       return sysinfo(&info) == 0;
     },
     Nothing},
    {"swapoff", 1000, 1, [] { return swapoff("/tmp/m") == 0; }, Nothing},
    {"affinity", 1000, 1,
     [] {
       cpu_set_t cpus;
       return sched_getaffinity(0, sizeof cpus, &cpus) == 0;
     },
     Nothing},
    {"mknod-null", 300, 1,
     [] { return mknod("/tmp/n", S_IFCHR | 0600, makedev(1, 3)) == 0; },
     [] { unlink("/tmp/n"); }},
    {"mount-tmpfs", 100, 1,
     [] { return mount("t", "/tmp/m", "tmpfs", 0, nullptr) == 0; },
     [] { umount2("/tmp/m", MNT_DETACH); }},
    {"mount-proc", 100, 1,
     [] { return mount("proc", "/tmp/m", "proc", 0, nullptr) == 0; },
     [] { umount2("/tmp/m", MNT_DETACH); }},
};

double Microseconds(Clock::duration time) {
  return std::chrono::duration<double, std::micro>(time).count();
}

void Run(const Case& c) {
  std::vector<double> times;
  for (int round = 0; round < c.rounds; ++round) {
    const Clock::time_point start = Clock::now();
    for (int i = 0; i < c.repeat; ++i) {
      if (c.call()) continue;
      printf("%s - %s\n", c.name, strerror(errno));
      return;
    }
    times.push_back(Microseconds(Clock::now() - start) / c.repeat);
    c.undo();
  }
  std::nth_element(times.begin(), times.begin() + times.size() / 2,
                   times.end());
  printf("%s %.3f\n", c.name, times[times.size() / 2]);
}

}  // namespace

int main(int argc, char** argv) {
  // What a disk's file system takes to make a node is not what is measured.
  if (mount("t", "/tmp", "tmpfs", 0, nullptr) != 0) {
    perror("mount /tmp");
    return 1;
  }
  sysbox::bench::DressedFloor dressed;
  if (argc > 1 && std::string_view(argv[1]) == "--floor" &&
      !(dressed.Prepare("/tmp/procfs", {argv + 2, argv + argc}) &&
        sysbox::bench::StartTrapFloor(dressed))) {
    perror("floor");
    return 1;
  }
  mkdir("/tmp/m", 0755);
  for (const Case& c : kCases) Run(c);
  return umount2("/tmp", MNT_DETACH) == 0 ? 0 : 1;
}
