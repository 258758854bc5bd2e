#include "integration/bench/precedence.h"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#include "integration/bench/cgroup_directories.h"
#include "sysbox/linux/file.h"

namespace sysbox::bench {
namespace {

constexpr char kBestNice[] = "-20";

// sched_setattr(2); glibc 2.36 has no name for it.
struct SchedulingAttributes {
  uint32_t size = sizeof(SchedulingAttributes);
  uint32_t policy = SCHED_OTHER;
  uint64_t flags = 0;
  int32_t nice = -20;
  uint32_t priority = 0;
  // Since Linux 6.12 the slice of a normal task: one that wakes up with a
  // shorter slice than the running task's need not wait for its end.
  uint64_t runtime_ns = 100'000;
  uint64_t deadline_ns = 0;
  uint64_t period_ns = 0;
};

struct ShareFile {
  const char* name;
  const char* most;
};
constexpr ShareFile kShareFiles[] = {{"cpu.shares", "262144"},
                                     {"cpu.weight", "10000"}};

}  // namespace

void TakePrecedence(const std::string& cgroup) {
  setsid();
  SchedulingAttributes attributes;
  syscall(SYS_sched_setattr, 0, &attributes, 0);
  // A nice value counts within a session only (sched(7), "autogroup").
  (void)WriteExisting("/proc/self/autogroup", kBestNice);
  for (const std::string& root : CgroupRoots()) {
    for (const ShareFile& file : kShareFiles) {
      const std::string path = root + "/" + cgroup + "/" + file.name;
      if (Exists(path)) (void)WriteExisting(path, file.most);
    }
  }
}

}  // namespace sysbox::bench
